"""Callback events with every try, and their replay."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin import acts, base, tables
from hub.lib import clock
from notifications.admin import content
from notifications.callbacks import replay, turns
from notifications.models import Breaker, CallbackAttempt, CallbackCall, CallbackEvent


def tell_again(deed: acts.Deed) -> None:
    """An event is due again."""
    replay.replay(event_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def is_over(event: CallbackEvent) -> bool:
    """Whether it can be replayed: it was told, given up, or kept for want of an address."""
    return event.state not in turns.UNTOLD


@admin.register(CallbackEvent)
class CallbackEventAdmin(base.ReadOnlyAdmin):
    """Events, found by their id (the webhook-id) or by the notification's."""

    list_display = ("id", "type", "subsystem", "notification", "submission", "state", "created_at")
    list_filter = ("state", "subsystem")
    list_select_related = ("subsystem", "notification")
    list_per_page = 50
    search_fields = ("id",)
    search_help_text = "Id of the event (webhook-id) or of the notification"
    personal_kind = "callback_event"
    row_acts = (
        acts.Act(
            "replay",
            "Replay",
            "The event is told again under its own id, with all its tries before it. The"
            " sub-system must take it as the same event.",
            tell_again,
            applies=is_over,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: CallbackEvent | None = None) -> Any:
        about = None if obj is None else obj.notification
        readable = about is not None and content.may_read(request, about)
        return [
            (None, {"fields": ("id", "type", "subsystem", "notification", "sequence")}),
            ("Telling", {"fields": ("state", "created_at", "done_at")}),
            ("What is told", {"fields": ("body_shown" if readable else "hidden",)}),
        ]

    @admin.display(description="Body")
    def body_shown(self, event: CallbackEvent) -> SafeString:
        return tables.json_text(event.body)

    @admin.display(description="Body")
    def hidden(self, event: CallbackEvent) -> str:
        return content.HIDDEN if event.notification_id else "What people hand in is not shown."

    def everything(self, request: HttpRequest) -> QuerySet:
        return super().everything(request).defer("body")

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        try:
            wanted = uuid.UUID(term)
        except ValueError:
            return queryset.none()
        return queryset.filter(Q(pk=wanted) | Q(notification_id=wanted))

    def tables_below(self, request: HttpRequest, row: CallbackEvent) -> Iterable[tables.Table]:
        tries = CallbackAttempt.objects.filter(event=row).order_by("-pk")[: tables.ROWS_AT_MOST]
        yield tables.Table(
            "Tries",
            ["At", "Took (ms)", "HTTP status", "Failure"],
            [
                [
                    tables.moment(attempt.tried_at),
                    attempt.duration_ms,
                    attempt.status or tables.NOTHING,
                    attempt.failure or tables.NOTHING,
                ]
                for attempt in tries
            ],
            empty="Not tried yet.",
        )


@admin.register(Breaker)
class BreakerAdmin(base.ReadOnlyAdmin):
    """How each sub-system's endpoint is doing."""

    list_display = ("subsystem", "state", "failures", "opened_at", "probe_at", "under_way")
    list_select_related = ("subsystem",)
    fields = ("subsystem", "state", "failures", "opened_at", "probe_at", "under_way")
    ordering = ("subsystem__key",)

    @admin.display(description="State")
    def state(self, breaker: Breaker) -> str:
        return "closed" if breaker.opened_at is None else "open: probes only"

    @admin.display(description="Calls under way")
    def under_way(self, breaker: Breaker) -> int:
        return CallbackCall.objects.filter(subsystem_id=breaker.pk, until__gt=clock.now()).count()
