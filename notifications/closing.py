"""Closing a notification: by whatever road, for everybody at once."""

import uuid
from datetime import datetime

from django.db import connection

from hub.lib.columns import CurrentTransactionId
from notifications import errands, lifecycle
from notifications.models import BroadcastChange, Delivery, Errand, Notification, Recipient


def close(
    notification: Notification,
    *,
    state: Notification.State,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Give a locked notification its final state, in the caller's transaction.

    The state is the truth that every read joins; feeds and trays follow: the change at once,
    the clearing pushes by errand. `reason` is what the people are told, where the sender says one.
    Raises lifecycle.Forbidden if that state cannot follow the present one.
    """
    lifecycle.move(notification, to=state, now=now, reason=reason)
    announce(notification, now=now)
    errands.add(kind=Errand.Kind.CLOSE, notification=notification, due_at=now, now=now)


def clear_if_closed(errand: Errand, *, notification: Notification, now: datetime) -> None:
    """After a range was shown: write the errand that clears it, if it was closed meanwhile.

    Called last in the transaction that records the deliveries. The lock is what makes it certain:
    whoever closes holds the row, so either the closing's own clearing finds these deliveries, or
    the state that is read here is the closed one. Nothing would clear these trays otherwise.
    """
    if errand.purpose != Delivery.Purpose.SHOW or not errand.employee_from or not errand.employee_to:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM notifications_notification WHERE id = %s FOR SHARE",
            [notification.id],
        )
        row = cursor.fetchone()
    if row is None or row[0] not in Notification.CLOSED:
        return
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.CLEAR,
        employees=(errand.employee_from, errand.employee_to),
        due_at=now,
        now=now,
    )


def announce(notification: Notification, *, now: datetime) -> None:
    """Let every recipient's change feed show that the notification is not what it was.

    The few who sit on a request are touched one by one; a broadcast is one row, whatever its size.
    """
    if notification.kind == Notification.Kind.REQUEST:
        touch(notification.id)
    else:
        BroadcastChange.objects.create(notification=notification, at=now)


def touch(notification_id: uuid.UUID) -> None:
    """Mark the copies of a notification as changed by this transaction."""
    Recipient.objects.filter(notification_id=notification_id).update(
        changed_in=CurrentTransactionId()
    )
