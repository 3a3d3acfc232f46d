"""Phones and their sessions; the push address and the installation's own id are never shown."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import devices
from accounts.admin import acts, base, tables
from accounts.models import Access, Device


class Session(admin.SimpleListFilter):
    """Whether the session goes on."""

    title = "session"
    parameter_name = "session"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("closed", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


# What other apps have to show on the page of a phone, below its fields.
BELOW: list[Callable[[Device], tables.Table]] = []


def accesses(device: Device) -> tables.Table:
    """From where this phone spoke lately."""
    found = Access.objects.filter(device=device).order_by("-day", "-last_at")
    return tables.Table(
        "Access log",
        ["Day (UTC)", "Address", "First", "Last", "Requests"],
        [
            [
                row.day,
                row.address or tables.NOTHING,
                tables.moment(row.first_at),
                tables.moment(row.last_at),
                row.requests,
            ]
            for row in found[: tables.ROWS_AT_MOST]
        ],
        empty="It has not spoken yet, or too long ago.",
    )


def close(deed: acts.Deed) -> None:
    """End the session of one phone."""
    devices.close(
        employee_id=deed.subject.employee_id,
        device_id=deed.subject.pk,
        reason=Device.ClosedReason.REVOKED,
        actor=deed.actor,
        now=deed.now,
    )


def is_open(device: Device) -> bool:
    """Whether there is a session to end."""
    return device.closed_at is None


@admin.register(Device)
class DeviceAdmin(base.ReadOnlyAdmin):
    """Sessions, found by their id or by the employee's id."""

    list_display = ("id", "owner", "platform", "model", "last_seen_at", "open", "reachable")
    list_filter = (Session,)
    list_select_related = ("employee",)
    list_per_page = 50
    search_fields = ("id",)
    search_help_text = "Id of the device, or employee id"
    fieldsets = (
        (None, {"fields": ("id", "owner", "name")}),
        ("Phone", {"fields": ("platform", "model", "os_version", "app_version")}),
        (
            "Session",
            {
                "fields": (
                    "created_at",
                    "last_seen_at",
                    "access_expires_at",
                    "session_expires_at",
                    "closed_at",
                    "closed_reason",
                    "wipe_told_at",
                    "key_thumbprint",
                )
            },
        ),
        (
            "Push",
            {
                "fields": (
                    "reachable",
                    "push_kind",
                    "push_project",
                    "push_registered_at",
                    "push_lost_at",
                    "push_lost_reason",
                )
            },
        ),
    )
    personal_kind = "device"
    row_acts = (
        acts.Act(
            "close",
            "End session",
            "This phone is signed out at once, wipes what it holds and gets no more pushes.",
            close,
            applies=is_open,
            grave=True,
        ),
    )

    @admin.display(description="Employee")
    def owner(self, device: Device) -> str:
        person = device.employee
        return tables.link(person, f"{person.display_name} ({person.employee_id})")

    @admin.display(description="Open", boolean=True)
    def open(self, device: Device) -> bool:
        return is_open(device)

    @admin.display(description="Reachable by push", boolean=True)
    def reachable(self, device: Device) -> bool:
        return device.push_address_index is not None

    def tables_below(self, request: HttpRequest, row: Device) -> Iterable[tables.Table]:
        # Who helps people with their phones need not know from where they speak.
        shown = [accesses(row)] if base.may_view(request, Access) else []
        return [*shown, *(table(row) for table in BELOW)]

    def people_shown(self, rows: Sequence[Device]) -> Iterable[object]:
        return dict.fromkeys(row.employee_id for row in rows)

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        try:
            return queryset.filter(pk=uuid.UUID(term))
        except ValueError:
            return queryset.filter(employee__employee_id=term)
