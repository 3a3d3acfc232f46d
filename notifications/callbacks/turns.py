"""The events of one notification are told one after another: each has its turn, then an errand.

What is of no notification is the only event of its kind, and has its turn at once.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from notifications import errands
from notifications.models import CallbackEvent, Errand, Notification

UNTOLD = (CallbackEvent.State.WAITING, CallbackEvent.State.PENDING)


def state_of_next(notification: Notification) -> CallbackEvent.State:
    """The state of a new event of a locked notification: its turn, or waiting for the last one.

    The last untold event is locked: if it is just being told, this waits until that is recorded,
    so that either it is seen as told here, or whoever records it sees the new event.
    """
    if not notification.subsystem.callback_url:
        return CallbackEvent.State.KEPT
    untold = CallbackEvent.objects.filter(notification=notification, state__in=UNTOLD)
    last = untold.order_by("-sequence").select_for_update(no_key=True).first()
    return CallbackEvent.State.PENDING if last is None else CallbackEvent.State.WAITING


def call_next(told: Collection[CallbackEvent], *, now: datetime) -> None:
    """Events were told, or given up: the next ones of their notifications have their turn."""
    notifications = {e.notification.pk: e.notification for e in told if e.notification}
    waiting = CallbackEvent.objects.filter(
        notification_id__in=notifications, state=CallbackEvent.State.WAITING
    )
    following: dict[uuid.UUID, CallbackEvent] = {}
    for event in waiting.defer("body").order_by("sequence"):
        assert event.notification_id is not None
        following.setdefault(event.notification_id, event)
    for notification_id, event in following.items():
        if waiting.filter(pk=event.pk).update(state=CallbackEvent.State.PENDING):
            event.notification = notifications[notification_id]
            add_errand(event, now=now)


def add_errand(event: CallbackEvent, *, now: datetime) -> None:
    """Have an event told, now; it comes with its notification, if it is of one."""
    errands.add(
        kind=Errand.Kind.CALL_BACK,
        notification=event.notification,
        subsystem_id=event.subsystem_id,
        event_id=event.pk,
        due_at=now,
        now=now,
    )
