"""Closing a notification: by whatever road, for everybody at once."""

import uuid
from datetime import datetime

from hub.lib.columns import CurrentTransactionId
from notifications import errands, hints, lifecycle
from notifications.models import BroadcastChange, Errand, Notification, Recipient


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


def announce(notification: Notification, *, now: datetime) -> None:
    """Let every recipient's change feed show that the notification is not what it was.

    The few who sit on a request are touched one by one; a broadcast is one row, whatever its size.
    """
    if notification.kind == Notification.Kind.REQUEST:
        touch(notification.id)
    else:
        BroadcastChange.objects.create(notification=notification, at=now)
        hints.notifications([notification.id])


def touch(notification_id: uuid.UUID) -> None:
    """Mark the copies of a notification as changed by this transaction."""
    Recipient.objects.filter(notification_id=notification_id).update(
        changed_in=CurrentTransactionId()
    )
    hints.notifications([notification_id])
