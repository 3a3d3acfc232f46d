"""The steps of a request: where it stands, and the opening of the next one."""

import uuid
from collections import Counter
from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models import F

from notifications import errands
from notifications.approvals import policy
from notifications.escalation import leavers, schedule
from notifications.models import Delivery, Errand, Notification, Response, Seat

# Whoever was asked in an earlier step already is asked again: it comes anew to the top of the
# list, out of the archive.
COPY = """
WITH asked AS (
    SELECT DISTINCT employee.id FROM notifications_seat seat
      JOIN accounts_employee employee ON employee.id = seat.holder_id
     WHERE seat.notification_id = %(notification)s AND seat.step = %(step)s
       AND employee.disabled_at IS NULL),
copied AS (
    INSERT INTO notifications_recipient AS copy (employee_id, notification_id, arrived_at)
    SELECT id, %(notification)s, %(now)s FROM asked
        ON CONFLICT (employee_id, notification_id) DO UPDATE
       SET arrived_at = excluded.arrived_at, archived_at = NULL, by_delegation = false,
           changed_in = excluded.changed_in
    RETURNING employee_id, (xmax = 0) AS is_new)
SELECT (array_agg(employee_id ORDER BY employee_id))[1],
       (array_agg(employee_id ORDER BY employee_id DESC))[1],
       count(*), count(*) FILTER (WHERE is_new),
       coalesce(array_agg(employee_id) FILTER (WHERE NOT is_new), '{}') FROM copied
"""


def standing(notification: Notification) -> policy.Standing:
    """What the answers to the present version of a locked request come to."""
    rules = policy.read(notification.policy)
    seats = Counter(Seat.objects.filter(notification=notification).values_list("step", flat=True))
    answers = Response.objects.filter(
        notification=notification, version=notification.version
    ).values_list("seat__step", "effect")
    return policy.standing(
        rules,
        seats=[seats[step] for step in range(len(rules.steps))],
        answers=cast("list[tuple[int, policy.Effect]]", list(answers)),
    )


def open_step(notification: Notification, *, step: int, now: datetime) -> None:
    """Ask the next step of a locked request, in the transaction of the answer that opened it.

    Its approvers have their copies from the commit on, and are pushed by errand.
    """
    notification.step = step
    if step:  # when an edit goes back to the first one is the edit's to say
        notification.step_opened_at = now
    notification.save(update_fields=["step", "step_opened_at"])
    schedule.anew(notification, now=now)
    with connection.cursor() as cursor:
        cursor.execute(COPY, {"notification": notification.id, "step": step, "now": now})
        first, last, size, new, again = cursor.fetchone() or (None, None, 0, 0, [])
    if first is not None and last is not None:  # not all of them have left
        Notification.objects.filter(id=notification.id).update(
            recipient_count=F("recipient_count") + new
        )
        _push(notification, first, last, purpose=Delivery.Purpose.SHOW, size=size, now=now)
    for person in again if step else ():
        # They were shown this version in an earlier step: a purpose of its own lets it come again.
        _push(notification, person, person, purpose=f"step{step + 1}", size=1, now=now)
    leavers.when_asked(notification, now=now)


def _push(
    notification: Notification,
    first: uuid.UUID,
    last: uuid.UUID,
    *,
    purpose: str,
    size: int,
    now: datetime,
) -> None:
    """Push to those of the range whose copies came, or came again, at this moment."""
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=purpose,
        size=size,
        employees=(first, last),
        moment=now,
        due_at=now,
        now=now,
    )
