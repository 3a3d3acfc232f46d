"""Seats that nobody can answer from: the holder has left, and nobody is there instead."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin import base, tables
from notifications.escalation import leavers
from notifications.models import Seat


@admin.register(Seat)
class SeatAdmin(base.ReadOnlyAdmin):
    """Stranded seats of requests that are not closed, the oldest first."""

    personal_kind = "seat"
    list_display = ("notification_shown", "step", "principal", "holder", "stranded_at")
    list_select_related = ("principal", "holder")
    ordering = ("stranded_at", "id")
    fields = ("notification_shown", "step", "principal", "holder", "source", "stranded_at")

    def everything(self, request: HttpRequest) -> QuerySet:
        return leavers.stranded()

    @admin.display(description="Notification")
    def notification_shown(self, seat: Seat) -> SafeString:
        return tables.link(seat.notification)

    def people_shown(self, rows: Sequence[Seat]) -> list[object]:
        return [person for seat in rows for person in (seat.principal_id, seat.holder_id)]
