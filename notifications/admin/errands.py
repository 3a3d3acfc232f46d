"""What is still to be done: how old it is, who holds it, why it failed; and what of the dead."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin import acts, base, tables
from hub.lib import clock
from notifications import errands, switches
from notifications.models import Errand


class Standing(admin.SimpleListFilter):
    """Due, leased, waiting or dead."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in ("due", "leased", "waiting", "dead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        now = clock.now()
        leased = Q(lease_until__gt=now)
        wanted = {
            "due": ~leased & Q(dead_at=None, due_at__lte=now),
            "leased": leased & Q(dead_at=None),
            "waiting": ~leased & Q(dead_at=None, due_at__gt=now),
            "dead": Q(dead_at__isnull=False),
        }
        chosen = wanted.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


def standing_of(errand: Errand, *, now: datetime) -> str:
    """Due, leased, waiting or dead, as the model's states are defined."""
    if errand.dead_at is not None:
        return "dead"
    if errand.lease_until is not None and errand.lease_until > now:
        return "leased"
    return "due" if errand.due_at <= now else "waiting"


def age_of(errand: Errand, *, now: datetime) -> timedelta:
    """How long ago it was written, to the second."""
    return timedelta(seconds=max(0, int((now - errand.created_at).total_seconds())))


def retry(deed: acts.Deed) -> None:
    """A dead errand is due again."""
    errands.revive(errand_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def remove(deed: acts.Deed) -> None:
    """A dead errand is dropped."""
    errands.remove(errand_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def pause_pushes(deed: acts.Deed) -> None:
    """Push nothing to anybody."""
    switches.pause_pushes(actor=deed.actor, now=deed.now)


def resume_pushes(deed: acts.Deed) -> None:
    """Push again."""
    switches.resume_pushes(actor=deed.actor, now=deed.now)


def is_dead(errand: Errand) -> bool:
    """Whether a person has to say what becomes of it."""
    return errand.dead_at is not None


@admin.register(Errand)
class ErrandAdmin(base.ReadOnlyAdmin):
    """Errands, found by their own id or the notification's."""

    list_display = ("id", "kind", "standing", "age", "lease_shown", "attempts", "last_error")
    list_filter = (Standing, "kind")
    list_per_page = 50
    search_fields = ("id",)
    search_help_text = "Id of the errand or of the notification"
    fieldsets = (
        (None, {"fields": ("id", "kind", "purpose", "notification", "subsystem", "event")}),
        ("Standing", {"fields": ("standing", "age", "due_shown", "created_at", "dead_at")}),
        ("Doing it", {"fields": ("queue", "lane", "lease_shown", "attempts", "last_error")}),
    )
    founding_acts = (
        acts.Act(
            "pause-pushes",
            "Pause all pushes",
            "Nothing is pushed to anybody until pushes are resumed. Everything else goes on, and"
            " nothing is lost.",
            pause_pushes,
            permission="switch",
            grave=True,
        ),
        acts.Act(
            "resume-pushes",
            "Resume pushes",
            "What has waited is pushed, unless it was closed meanwhile.",
            resume_pushes,
            permission="switch",
        ),
    )
    row_acts = (
        acts.Act(
            "retry",
            "Try again",
            "The errand is due at once, as if it had never been tried.",
            retry,
            applies=is_dead,
        ),
        acts.Act(
            "remove",
            "Remove",
            "What this errand stands for will not be done. This cannot be undone.",
            remove,
            applies=is_dead,
            grave=True,
        ),
    )

    @admin.display(description="Standing")
    def standing(self, errand: Errand) -> str:
        return standing_of(errand, now=clock.now())

    @admin.display(description="Age")
    def age(self, errand: Errand) -> str:
        return str(age_of(errand, now=clock.now()))

    @admin.display(description="Due")
    def due_shown(self, errand: Errand) -> str:
        return tables.moment(errand.due_at)

    @admin.display(description="Leased until")
    def lease_shown(self, errand: Errand) -> str:
        return tables.moment(errand.lease_until)

    def found(self, queryset: QuerySet, term: str) -> QuerySet:
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term))
        try:
            return queryset.filter(notification_id=uuid.UUID(term))
        except ValueError:
            return queryset.none()
