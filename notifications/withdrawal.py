"""Taking a notification back: one synchronous, truthful answer, whatever is going on."""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import clock, errors
from notifications import closing, lifecycle, reports
from notifications.callbacks import events
from notifications.models import Notification, Recipient


class AlreadyClosed(errors.HubError):
    """The notification has ended by another road; the data hold the record."""

    code, status, title = "already_closed", 409, "Already closed"


@dataclass(frozen=True, slots=True)
class HadAlready:
    """How many people had received, seen, read and answered it by the moment it was closed."""

    received: int
    seen: int
    read: int
    responded: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A notification that was taken back, and how far it had come."""

    notification: Notification
    had_already: HadAlready


def withdraw(
    *,
    among: QuerySet[Notification],
    notification_id: uuid.UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> Withdrawn:
    """Take one of these notifications back; a second time changes nothing and is answered alike.

    From the commit on nobody can answer it, no further copy is made and no further batch is
    pushed; the trays of those who were shown it are cleared by errand. Raises NotFound for one that
    is not `among` them, and AlreadyClosed with its record if it has ended by another road.
    """
    with transaction.atomic():
        notification = (
            among.filter(id=notification_id).select_for_update(of=("self",), no_key=True).first()
        )
        if notification is None:
            raise errors.NotFound("There is no such notification of your sub-system.")
        if notification.state == Notification.State.WITHDRAWN:
            return Withdrawn(notification, _had_already(notification, by=notification.closed_at))
        if not lifecycle.may(notification, become=Notification.State.WITHDRAWN):
            raise AlreadyClosed(
                f"It is {notification.state}; it can't be taken back any more.",
                data={"notification": reports.report(notification)},
            )
        had_already = _had_already(notification, by=now)
        closing.close(notification, state=Notification.State.WITHDRAWN, now=now, reason=reason)
        events.emit(
            notification,
            type_="notification.withdrawn",
            facts={
                "reason": reason,
                "withdrawn_at": clock.text(now),
                "had_already": asdict(had_already),
            },
            now=now,
        )
        audit.record(
            now=now,
            actor=actor,
            action="withdrawn",
            subject_kind="notification",
            subject_id=notification.id,
            data={"had_already": asdict(had_already)},
        )
    return Withdrawn(notification, had_already)


def by_subsystem(
    *, caller: Caller, notification_id: uuid.UUID, reason: str, now: datetime
) -> Withdrawn:
    """`withdraw` by the sender: among what this caller sent with keys of this mode."""
    return withdraw(
        among=reports.sent(caller=caller),
        notification_id=notification_id,
        reason=reason,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        now=now,
    )


def _had_already(notification: Notification, *, by: datetime | None) -> HadAlready:
    """Counted by the times of the copies, so that it stays the same however often it is asked."""
    counts = Recipient.objects.filter(notification=notification).aggregate(
        received=Count("employee_id"),
        seen=Count("employee_id", filter=Q(seen_at__lte=by)),
        read=Count("employee_id", filter=Q(read_at__lte=by)),
        responded=Count("employee_id", filter=Q(responded_at__lte=by)),
    )
    return HadAlready(**counts)
