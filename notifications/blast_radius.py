"""A second pair of eyes: what goes to more people than its sender may reach alone is held.

The limit is the sub-system's own, or else the setting's. What is held is complete and costs
nothing: its fan-out errand is written by the release, which another key of the sub-system, or
staff, must give.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import audience, audit
from accounts.models import ApiKey
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import fanout, lifecycle, reports
from notifications.models import Notification


class SecondPersonNeeded(errors.HubError):
    """Who sent it can't release it: another key of the sub-system can, and staff."""

    code, status, title = "second_person_needed", 403, "A second person is needed"


class NotHeld(errors.HubError):
    """There is nothing to release; the data hold the record."""

    code, status, title = "not_held", 409, "Not held"


@dataclass(frozen=True, slots=True)
class Radius:
    """How many people this caller may reach alone."""

    recipients: int

    def is_exceeded_by(self, count: int) -> bool:
        """Whether so many need a second person."""
        return count > self.recipients


def of(caller: Caller) -> Radius:
    """The radius of a caller's sub-system."""
    own = caller.blast_radius
    return Radius(settings.BLAST_RADIUS if own is None else own)


def note_held(
    notification_id: uuid.UUID, *, limit: int | None, count: int, caller: Caller, now: datetime
) -> None:
    """Put on the record, in the caller's transaction, that a notification is held, and why."""
    audit.record(
        now=now,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        action="notification_held",
        subject_kind="notification",
        subject_id=notification_id,
        data={"count": count, "limit": limit, "key": str(caller.key_id)},
    )


def release(
    *,
    among: QuerySet[Notification],
    notification_id: uuid.UUID,
    key_id: uuid.UUID | None,
    actor: audit.Actor,
    now: datetime,
    ceiling: Any = None,
) -> Notification:
    """Let one of these held notifications go: now, or at its `send_at`.

    `key_id` is the API key that releases it, None for staff; `ceiling` is that of the staff, and it
    goes on under it. Releasing what was released already changes nothing. Raises Invalid for what
    reaches anybody outside of the ceiling, NotFound for one that is not `among` them,
    SecondPersonNeeded for the key that sent it and for the staff who made that key, and NotHeld
    with the record for one that never was held, or has ended.
    """
    with transaction.atomic():
        notification = (
            among.filter(id=notification_id).select_for_update(of=("self",), no_key=True).first()
        )
        if notification is None:
            raise errors.NotFound("There is no such notification of your sub-system.")
        if notification.released_at is not None and notification.state not in Notification.CLOSED:
            return notification
        over = notification.expires_at is not None and notification.expires_at <= now
        if notification.state != Notification.State.HELD or over:
            raise NotHeld(
                "Its time is over." if over else f"It is {notification.state}, not held.",
                data={"notification": reports.report(notification)},
            )
        if key_id is not None and key_id == notification.sent_with:
            raise SecondPersonNeeded("Release it with another key than the one that sent it.")
        if actor.kind == "staff" and made_the_key(notification, staff_id=actor.id):
            raise SecondPersonNeeded("You made the key that sent it: somebody else has to release.")
        if ceiling is not None:
            _assure_within(notification, ceiling)
            notification.audience = audience.kept(notification.audience, within=[ceiling])
        notification.released_at = now
        notification.save(update_fields=["released_at", "audience"])
        lifecycle.move(
            notification, to=lifecycle.upcoming(send_at=notification.send_at, now=now), now=now
        )
        fanout.start(notification, now=now)
        audit.record(
            now=now,
            actor=actor,
            action="notification_released",
            subject_kind="notification",
            subject_id=notification.id,
            data={"limit": notification.held_over, "key": None if key_id is None else str(key_id)},
        )
    return notification


def _assure_within(notification: Notification, ceiling: Any) -> None:
    """Raises Invalid if it would reach anybody outside."""
    people = fanout.recipients_of(notification)
    bound = audience.validate(ceiling, pointer="/ceiling")
    if people.exclude(pk__in=audience.matching(bound).values("pk")).exists():
        raise errors.Invalid("It reaches people outside of your ceiling: ask somebody else.")


def made_the_key(notification: Notification, *, staff_id: str) -> bool:
    """Whether this member of the staff has seen the text of the key that sent a notification."""
    key = notification.sent_with
    return key is not None and ApiKey.objects.filter(pk=key, issued_by=staff_id).exists()


def release_by_subsystem(
    *, caller: Caller, notification_id: uuid.UUID, now: datetime
) -> Notification:
    """`release` by the sender's second key: among what it sent with keys of this mode."""
    return release(
        among=reports.sent(caller=caller),
        notification_id=notification_id,
        key_id=caller.key_id,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        now=now,
    )
