"""From an audience to inbox rows and push errands, set by set; rerunnable after any crash."""

import uuid
from datetime import datetime
from typing import cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet

from accounts import audience
from accounts.models import Employee
from hub.lib import logging
from notifications import errands, queues
from notifications.models import Delivery, Errand, Notification, Seat

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


@transaction.atomic
def _batch(errand: Errand, now: datetime) -> bool:
    """Copy one batch; False when there is nothing more to do and the errand is gone."""
    notification = Notification.objects.select_for_update(no_key=True).get(
        id=errand.notification_id
    )
    if notification.state == Notification.State.SCHEDULED:
        notification.state = Notification.State.OPEN
        notification.save(update_fields=["state"])
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


def recipients_of(notification: Notification) -> QuerySet[Employee]:
    """Who sees it: the seats of a request, frozen when it was accepted; else the audience."""
    if notification.kind == Notification.Kind.REQUEST:
        seated = Seat.objects.filter(notification=notification).values("holder_id")
        return Employee.objects.filter(id__in=seated, disabled_at=None)
    return audience.matching(audience.validate(notification.audience, pointer="/audience"))


def clear(errand: Errand, now: datetime) -> None:
    """Write the push errands that take a closed notification off every tray, range by range."""
    with transaction.atomic():
        notification = Notification.objects.get(id=errand.notification_id)
        for first, last, size in _ranges(notification.id):
            errands.add(
                kind=Errand.Kind.PUSH,
                notification=notification,
                purpose=Delivery.Purpose.CLEAR,
                size=size,
                employees=(first, last),
                due_at=now,
                now=now,
            )
        errands.finish(errand)
    queues.wake(errand.queue)


def _ranges(notification_id: uuid.UUID) -> list[tuple[uuid.UUID, uuid.UUID, int]]:
    """The recipients of a notification in ranges of a batch each, made by the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (array_agg(employee_id ORDER BY employee_id))[1],"
            " (array_agg(employee_id ORDER BY employee_id DESC))[1], count(*) FROM ("
            "  SELECT employee_id, (row_number() OVER (ORDER BY employee_id) - 1) / %s AS part"
            "    FROM notifications_recipient WHERE notification_id = %s) numbered GROUP BY part",
            [settings.FAN_OUT_BATCH, notification_id],
        )
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]
