"""Taking what was closed off every tray, for a hundred thousand phones as for one."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from notifications import errands, queues
from notifications.models import Delivery, Errand, Notification

# How soon to look again whether a push that was under way has been recorded, at first and at last.
LOOK_AGAIN, LOOK_AGAIN_AT_LAST = timedelta(seconds=2), timedelta(seconds=60)


def run(errand: Errand, now: datetime) -> None:
    """Write the push errands that take a closed notification off every tray, range by range.

    A worker may be pushing a range at this very moment, having read the notification while it was
    open: what it shows is not recorded yet, so nothing would clear it. The errand therefore stays
    until the last of these is recorded or given back, and then clears once more; a device that is
    cleared already is not pushed again. Pushes that are claimed later find the notification closed.
    """
    with transaction.atomic():
        notification = Notification.objects.get(id=errand.about)
        under_way = pushes(notification)
        begun = under_way.filter(lease_token__isnull=False)
        showing = begun.filter(purpose=Delivery.Purpose.SHOW).exists()
        clearing = under_way.filter(purpose=Delivery.Purpose.CLEAR).exists()
        # Never beside an earlier clearing: a device in two ranges of one batch would fail both.
        if not clearing and (errand.attempts <= 1 or not showing):
            push_all(notification, purpose=Delivery.Purpose.CLEAR, now=now)
        if showing or clearing:
            wait = min(LOOK_AGAIN * errand.attempts, LOOK_AGAIN_AT_LAST)
            errands.postpone(errand, until=now + wait, error="pushes are under way")
        else:
            errands.finish(errand)
    queues.wake(errand.queue)


def pushes(notification: Notification) -> QuerySet[Errand]:
    """The push errands of a notification, by the index that claiming uses."""
    lane = errands.lane_of(notification)
    return Errand.objects.filter(
        queue=queues.queue_of(Errand.Kind.PUSH, lane),
        lane=lane,
        subsystem_id=notification.subsystem_id,
        dead_at=None,
        notification=notification,
        kind=Errand.Kind.PUSH,
    )


def push_all(notification: Notification, *, purpose: Delivery.Purpose, now: datetime) -> None:
    """Write the push errands that reach everybody who has a copy, in the caller's transaction."""
    for first, last, size in _ranges(notification.id):
        errands.add(
            kind=Errand.Kind.PUSH,
            notification=notification,
            purpose=purpose,
            size=size,
            employees=(first, last),
            due_at=now,
            now=now,
        )


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
