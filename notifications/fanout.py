"""From an audience to inbox rows and push errands, set by set; rerunnable after any crash."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet

from accounts import audience
from accounts.models import Employee
from hub.lib import logging
from notifications import errands, lifecycle
from notifications.models import Delivery, Errand, Notification, Recipient, Seat

log = logging.get(__name__)

# The employees of one batch, and their copies. The constraint makes a second run harmless, and
# the SELECT from employees is the check that a foreign key would have been.
INSERT = """
WITH batch AS MATERIALIZED ({employees}),
     copied AS (INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at)
                SELECT id, %s, %s FROM batch ON CONFLICT DO NOTHING RETURNING employee_id)
SELECT (SELECT id FROM batch ORDER BY id LIMIT 1),
       (SELECT id FROM batch ORDER BY id DESC LIMIT 1),
       (SELECT count(*) FROM batch), (SELECT count(*) FROM copied)
"""


def run(errand: Errand, now: datetime) -> None:
    """Give every member of the audience a copy, batch by batch, each with its push errand.

    Each batch is one transaction with the errand's progress in it, so that a crash repeats
    nothing and skips nothing. Stops where the notification is no longer open.
    """
    while _batch(errand, now):
        if not errands.extend(errand, now=now):
            return  # another worker took the errand over


def start(notification: Notification, *, now: datetime) -> None:
    """Write the errand that sends a notification at its time, in the caller's transaction."""
    due_at = notification.send_at
    errands.add(
        kind=Errand.Kind.FAN_OUT,
        notification=notification,
        due_at=due_at if due_at is not None and due_at > now else now,
        now=now,
    )


@transaction.atomic
def _batch(errand: Errand, now: datetime) -> bool:
    """Copy one batch; False when there is nothing more to do and the errand is gone."""
    notification = Notification.objects.select_for_update(no_key=True).get(
        id=errand.notification_id
    )
    if notification.state == Notification.State.SCHEDULED:
        lifecycle.move(notification, to=Notification.State.OPEN, now=now)
    if notification.state != Notification.State.OPEN:
        errands.finish(errand)
        return False
    first, last, size, copied = _copy(notification, after=errand.employee_from, now=now)
    if first is None or last is None:
        notification.fanned_out_at = now
        notification.save(update_fields=["fanned_out_at"])
        errands.finish(errand)
        log.info("fanned_out", notification=str(notification.id), of=notification.recipient_count)
        return False
    Notification.objects.filter(id=notification.id).update(
        recipient_count=F("recipient_count") + copied
    )
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.SHOW,
        size=size,
        employees=(first, last),
        due_at=now,
        now=now,
    )
    errand.employee_from = last
    Errand.objects.filter(id=errand.id, lease_token=errand.lease_token).update(employee_from=last)
    return size > 0


def _copy(
    notification: Notification, *, after: uuid.UUID | None, now: datetime
) -> tuple[uuid.UUID | None, uuid.UUID | None, int, int]:
    """Insert the next batch: its first and last employee, its size, how many are new."""
    members = recipients_of(notification)
    if after is not None:
        members = members.filter(id__gt=after)
    batch = members.order_by("id").values("id")[: settings.FAN_OUT_BATCH]
    sql, parameters = batch.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(employees=sql), [*parameters, notification.id, now])
        return cast(
            "tuple[uuid.UUID | None, uuid.UUID | None, int, int]", tuple(cursor.fetchone() or ())
        )


def at_once(
    notification: Notification, *, employee_ids: Sequence[uuid.UUID], now: datetime
) -> None:
    """Give a few people their copies in the caller's transaction, with one push errand.

    `employee_ids` are sorted and come from the employees in this very transaction, which is the
    check that a foreign key would have been. Small notifications need no step of their own.
    """
    Recipient.objects.bulk_create(
        Recipient(employee_id=employee_id, notification=notification, arrived_at=now)
        for employee_id in employee_ids
    )
    notification.recipient_count = len(employee_ids)
    notification.fanned_out_at = now
    notification.save(update_fields=["recipient_count", "fanned_out_at"])
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.SHOW,
        size=len(employee_ids),
        employees=(employee_ids[0], employee_ids[-1]),
        due_at=now,
        now=now,
    )


def recipients_of(notification: Notification) -> QuerySet[Employee]:
    """Who sees it: the seats of a request, frozen when it was accepted; else the audience."""
    if notification.kind == Notification.Kind.REQUEST:
        seated = Seat.objects.filter(notification=notification).values("holder_id")
        return Employee.objects.filter(id__in=seated, disabled_at=None)
    return audience.matching(audience.validate(notification.audience, pointer="/audience"))
