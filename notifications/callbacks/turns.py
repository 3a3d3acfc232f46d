"""The events of one notification are told one after another: each has its turn, then an errand."""

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


def call_next(told: CallbackEvent, *, now: datetime) -> None:
    """An event was told, or given up: the next one of its notification has its turn."""
    waiting = CallbackEvent.objects.filter(
        notification_id=told.notification_id, state=CallbackEvent.State.WAITING
    )
    following = waiting.order_by("sequence").first()
    if following is not None and waiting.filter(pk=following.pk).update(
        state=CallbackEvent.State.PENDING
    ):
        add_errand(told.notification, event=following, now=now)


def add_errand(notification: Notification, *, event: CallbackEvent, now: datetime) -> None:
    """Have an event told, now."""
    errands.add(
        kind=Errand.Kind.CALL_BACK,
        notification=notification,
        event_id=event.pk,
        due_at=now,
        now=now,
    )
