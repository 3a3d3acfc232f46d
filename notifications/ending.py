"""Ending a notification by its sender's word: one synchronous, truthful answer.

What withdrawing and settling have in common: whatever is going on, one of all who want to end it
is first, and everybody else is told what became of it.
"""

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import audit
from hub.lib import errors
from notifications import closing, lifecycle, reports, surveys
from notifications.callbacks import events
from notifications.models import Notification, Recipient
from notifications.models.notification import Settlement


class AlreadyClosed(errors.HubError):
    """The notification has ended by another road; the data hold the record."""

    code, status, title = "already_closed", 409, "Already closed"


class NotOpen(errors.HubError):
    """Nobody has been asked yet; the data hold the record."""

    code, status, title = "not_open", 409, "Not open"


@dataclass(frozen=True, slots=True)
class HadAlready:
    """How many people had received, seen, read and answered it by a moment."""

    received: int
    seen: int
    read: int
    responded: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A notification that was ended, and how far it had come."""

    notification: Notification
    had_already: HadAlready


@dataclass(frozen=True, slots=True)
class Way:
    """How it ends: the state, what the people are told, and what is said of it elsewhere."""

    state: Notification.State
    reason: str | None = None
    settlement: Settlement | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # of the event

    @property
    def word(self) -> str:
        """The name of the event, after the dot, and of the act in the audit log."""
        return self.state.value


def end(
    *,
    among: QuerySet[Notification],
    notification_id: uuid.UUID,
    way: Way,
    actor: audit.Actor,
    now: datetime,
) -> Ended:
    """End one of these notifications; a second time changes nothing and is answered alike.

    From the commit on nobody can answer it, no further copy is made and no further batch is
    pushed; the trays of those who were shown it are cleared by errand. Raises NotFound for one that
    is not `among` them, AlreadyClosed with its record if it has ended by another road, and NotOpen
    where its life does not have this end yet.
    """
    with transaction.atomic():
        notification = lock(among, notification_id)
        if notification.state == way.state:
            return Ended(notification, had_already(notification, by=notification.closed_at))
        refuse_closed(notification)
        if not lifecycle.may(notification, become=way.state):
            raise NotOpen(
                f"It is {notification.state}: nobody has been asked yet. Withdraw it instead.",
                data={"notification": reports.report(notification)},
            )
        had = had_already(notification, by=now)
        if way.settlement is not None:
            notification.settlement = way.settlement
            notification.save(update_fields=["settlement"])
        closing.close(notification, state=way.state, now=now, reason=way.reason)
        events.emit(
            notification,
            type_=f"notification.{way.word}",
            facts={**way.facts, "had_already": asdict(had), **surveys.told(notification)},
            now=now,
        )
        audit.record(
            now=now,
            actor=actor,
            action=way.word,
            subject_kind="notification",
            subject_id=notification.id,
            data={"had_already": asdict(had)},
        )
    return Ended(notification, had)


def lock(among: QuerySet[Notification], notification_id: uuid.UUID) -> Notification:
    """One of these notifications, locked in the caller's transaction. Raises NotFound."""
    found = among.filter(id=notification_id).select_for_update(of=("self",), no_key=True).first()
    if found is None:
        raise errors.NotFound("There is no such notification of your sub-system.")
    return found


def refuse_closed(notification: Notification) -> None:
    """Raise AlreadyClosed for one that has ended."""
    if notification.state in Notification.CLOSED:
        raise AlreadyClosed(
            f"It is {notification.state}; nothing about it can be changed any more.",
            data={"notification": reports.report(notification)},
        )


def had_already(notification: Notification, *, by: datetime | None) -> HadAlready:
    """Counted by the times of the copies, so that it stays the same however often it is asked."""
    counts = Recipient.objects.filter(notification=notification, by_delegation=False).aggregate(
        received=Count("employee_id"),
        seen=Count("employee_id", filter=Q(seen_at__lte=by)),
        read=Count("employee_id", filter=Q(read_at__lte=by)),
        responded=Count("employee_id", filter=Q(responded_at__lte=by)),
    )
    return HadAlready(**counts)
