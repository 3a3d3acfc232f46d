"""Engagement times that a person sets: on the copies they name, or on all up to one of them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from hub.lib import errors
from hub.lib.columns import CurrentTransactionId
from notifications import delegated, hints, waiting
from notifications.inbox.copies import asleep
from notifications.models import Recipient

MARKS = {"seen": "seen_at", "read": "read_at", "archived": "archived_at"}
MARKED_AT_ONCE = 1000  # by `mark_up_to`; a statement of a few milliseconds


def mark(
    *, employee_id: uuid.UUID, notification_ids: Sequence[uuid.UUID], mark: str, now: datetime
) -> int:
    """Set an engagement time on one's own copies, where it isn't set yet; how many were set.

    `unarchived` takes an archive back. What waits for oneself can't be archived, only snoozed;
    what is archived is not snoozed any more.
    """
    column = MARKS["archived" if mark == "unarchived" else mark]
    who, unset = delegated.reader(employee_id=employee_id, now=now), {column: None}
    rows = Recipient.objects.filter(
        delegated.visible(who), notification_id__in=list(notification_ids)
    )
    rows = rows.exclude(**unset) if mark == "unarchived" else rows.filter(**unset)
    values: dict[str, object] = {column: None if mark == "unarchived" else now}
    if mark == "archived":
        rows = rows.exclude(waiting.for_person(employee_id, standing_in=who.standing_in))
        values["snoozed_until"] = None
    return _told(employee_id, rows.update(**values, changed_in=CurrentTransactionId()))


def mark_up_to(
    *, employee_id: uuid.UUID, notification_id: uuid.UUID, now: datetime
) -> tuple[int, bool]:
    """Mark as read what came no later than this copy of one's own: how many, and whether more are.

    At most MARKED_AT_ONCE, the newest of them; whoever asks again marks the next ones. What came
    meanwhile was not on the screen and stays unread, and so does what is snoozed. Raises NotFound
    for a copy that this person does not see.
    """
    who = delegated.reader(employee_id=employee_id, now=now)
    place = delegated.owned(who).filter(notification_id=notification_id).first()
    if place is None:
        raise errors.NotFound("There is no such notification in your inbox.")
    up_to = Q(arrived_at__lt=place.arrived_at) | Q(
        arrived_at=place.arrived_at, notification_id__lte=place.notification_id
    )
    unread = delegated.owned(who).filter(up_to, read_at=None, archived_at=None)
    unread = unread.exclude(asleep(now)).order_by("-arrived_at", "-notification_id")
    ids = list(unread.values_list("notification_id", flat=True)[: MARKED_AT_ONCE + 1])
    marked = Recipient.objects.filter(
        employee_id=employee_id, notification_id__in=ids[:MARKED_AT_ONCE], read_at=None
    ).update(read_at=now, changed_in=CurrentTransactionId())
    return _told(employee_id, marked), len(ids) > MARKED_AT_ONCE


def _told(employee_id: uuid.UUID, marked: int) -> int:
    """Let the person's other phones know."""
    if marked:
        hints.employee(employee_id)
    return marked
