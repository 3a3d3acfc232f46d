"""Employees as the directory has them; nothing about them is changed here, only their sessions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts import devices
from accounts.admin import acts, base, tables
from accounts.models import Device, Employee, Group


class Standing(admin.SimpleListFilter):
    """Whether the directory has switched the account off."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("enabled", "Enabled"), ("disabled", "Disabled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in {"enabled", "disabled"}:
            return queryset.filter(disabled_at__isnull=self.value() == "enabled")
        return queryset


# What explains, in the app above, why somebody did not get something: the page's content.
WHY: list[Callable[[HttpRequest, Employee], dict[str, object]]] = []


def end_sessions(deed: acts.Deed) -> None:
    """Sign a person out everywhere."""
    devices.close_all(
        employee_id=deed.subject.pk,
        reason=Device.ClosedReason.REVOKED,
        actor=deed.actor,
        now=deed.now,
    )


@admin.register(Employee)
class EmployeeAdmin(base.ReadOnlyAdmin):
    """People, found by employee id, user name or mail, or by part of their name."""

    list_display = ("employee_id", "display_name", "title", "department", "geo", "enabled")
    list_filter = (Standing,)
    list_per_page = 50
    search_fields = ("employee_id",)
    search_help_text = "Employee id, user name or mail as a whole, or a part of the name"
    fieldsets = (
        (None, {"fields": ("employee_id", "display_name", "user_name", "mail")}),
        (
            "Place",
            {"fields": ("title", "department", "geo", "affiliate", "manager_shown", "language")},
        ),
        (
            "Directory",
            {
                "fields": (
                    "object_guid",
                    "seen_in_directory_at",
                    "expires_at",
                    "disabled_at",
                    "disabled_reason",
                )
            },
        ),
    )
    personal_kind = "employee"
    row_acts = (
        acts.Act(
            "end-sessions",
            "End all sessions",
            "Every phone and browser of this person is signed out at once and wipes what it holds."
            " The person may sign in again.",
            end_sessions,
            grave=True,
        ),
    )

    @admin.display(description="Enabled", boolean=True)
    def enabled(self, employee: Employee) -> bool:
        return employee.disabled_at is None

    @admin.display(description="Manager")
    def manager_shown(self, employee: Employee) -> str:
        manager = employee.manager
        if manager is None:
            return tables.NOTHING
        return tables.link(manager, f"{manager.display_name} ({manager.employee_id})")

    def links(self, request: HttpRequest, row: Employee) -> Iterable[tuple[str, str]]:
        yield "Why didn't I get it?", self._address("why", row.pk)
        yield from super().links(request, row)

    def get_urls(self) -> list[URLPattern]:
        def why(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self._row(request, object_id)
            shown = {name: value for answer in WHY for name, value in answer(request, row).items()}
            return self.page(
                request,
                row,
                title="Why didn't I get it?",
                template="admin/hub/why.html",
                **shown,
            )

        page = path("<path:object_id>/why/", self._guarded(why), name=self._name("why"))
        return [page, *super().get_urls()]

    def people_shown(self, rows: Sequence[Employee]) -> Iterable[object]:
        return [row.pk for row in rows]

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        names = queryset.alias(lower_name=Lower("user_name"), lower_mail=Lower("mail"))
        exact = (
            queryset.filter(employee_id=term)
            | names.filter(lower_name=term.lower())
            | names.filter(lower_mail=term.lower())
        )
        # A part of a name is in no index: it is looked for only where nothing else is found.
        return exact if exact.exists() else queryset.filter(display_name__icontains=term)

    def tables_below(self, request: HttpRequest, row: Employee) -> Iterable[tables.Table]:
        if base.may_view(request, Device):
            yield sessions(base.seen(request, Device), row)
        groups = Group.objects.filter(groupmember__employee=row).order_by("name")
        yield tables.Table(
            "Groups (direct)",
            ["Name"],
            [[group.name] for group in groups[: tables.ROWS_AT_MOST]],
        )
        reports = (
            base.seen(request, Employee).filter(manager=row).order_by("pk")[: tables.ROWS_AT_MOST]
        )
        yield tables.Table(
            "Direct reports",
            ["Employee id", "Name", "Title"],
            [[tables.link(person), person.display_name, person.title] for person in reports],
        )


def sessions(among: QuerySet[Device], employee: Employee) -> tables.Table:
    """The latest sessions of an employee, ended ones included."""
    found = among.filter(employee=employee).order_by("-pk")[: tables.ROWS_AT_MOST]
    return tables.Table(
        "Sessions",
        ["Device", "Platform", "Model", "Signed in", "Last seen", "Ended", "Why"],
        [
            [
                tables.link(device, str(device.pk)[:13]),
                device.get_platform_display(),
                device.model or tables.NOTHING,
                tables.moment(device.created_at),
                tables.moment(device.last_seen_at),
                tables.moment(device.closed_at),
                device.get_closed_reason_display() or tables.NOTHING,
            ]
            for device in found
        ],
        empty="No session yet.",
    )
