"""Many answers by one act, each for itself: what is wrong with one stops no other."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.lib import errors
from notifications import delegated, inbox
from notifications.approvals import refusals, respond

AT_MOST = 50


@dataclass(frozen=True, slots=True)
class One:
    """An answer, and to what."""

    notification_id: uuid.UUID
    answer: respond.Answer


def respond_all(
    ones: Sequence[One], *, employee_id: uuid.UUID, now: datetime
) -> list[inbox.Item | errors.HubError]:
    """Record the answers that can be, each in a transaction of its own; in order, what became of
    each: the item as it is afterwards, or why it was not taken."""
    return [_try(one, employee_id=employee_id, now=now) for one in ones]


def _try(one: One, *, employee_id: uuid.UUID, now: datetime) -> inbox.Item | errors.HubError:
    try:
        _check(one.notification_id, employee_id=employee_id, now=now)
        return respond.respond(
            employee_id=employee_id,
            notification_id=one.notification_id,
            answer=one.answer,
            now=now,
        )
    except errors.HubError as refusal:
        return refusal


def _check(notification_id: uuid.UUID, *, employee_id: uuid.UUID, now: datetime) -> None:
    """Raise NotFound for who doesn't see it, BulkNotAllowed where each is to be read for itself."""
    who = delegated.reader(employee_id=employee_id, now=now)
    copy = inbox.copies(who).filter(notification_id=notification_id).first()
    if copy is None:
        raise errors.NotFound("There is no such notification in your inbox.")
    if not copy.notification.category.bulk_answers:
        raise refusals.BulkNotAllowed("Open this one and answer it by itself.")
