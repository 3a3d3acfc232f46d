"""The access log, to read: from which network addresses people's devices spoke."""

from collections.abc import Iterable, Sequence

from django.contrib import admin
from django.db.models import QuerySet

from accounts.admin import base, tables
from accounts.models import Access


@admin.register(Access)
class AccessAdmin(base.ReadOnlyAdmin):
    """A row a device, address and day, found by the employee's id; each reading is audited."""

    list_display = ("day", "owner", "phone", "address_shown", "first_at", "last_at", "requests")
    list_display_links = None
    list_select_related = ("employee", "device")
    list_per_page = 50
    search_fields = ("employee",)
    search_help_text = "Employee id"
    fields = ("day", "owner", "phone", "address_shown", "first_at", "last_at", "requests")
    personal_kind = "access_log"

    @admin.display(description="Employee")
    def owner(self, row: Access) -> str:
        return tables.link(
            row.employee, f"{row.employee.display_name} ({row.employee.employee_id})"
        )

    @admin.display(description="Device")
    def phone(self, row: Access) -> str:
        return tables.link(row.device, row.device.model or str(row.device_id)[:13])

    @admin.display(description="Address")
    def address_shown(self, row: Access) -> str:
        return str(row.address or tables.NOTHING)

    def people_shown(self, rows: Sequence[Access]) -> Iterable[object]:
        return dict.fromkeys(row.employee_id for row in rows)

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(employee__employee_id=term)
