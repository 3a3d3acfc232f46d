"""The copies that a person sees, and which of them are asleep."""

import uuid
from datetime import datetime

from django.db.models import F, Q, QuerySet

from hub.lib import clock
from notifications import delegated
from notifications.models import Notification, Recipient

LIVE = str(Notification.Mode.LIVE.value)


def copies(who: delegated.Reader) -> QuerySet[Recipient]:
    """The copies that a person sees, with what an item is made of."""
    return delegated.owned(who).select_related("notification__subsystem", "notification__category")


def asleep(now: datetime) -> Q:
    """Which copies are snoozed at this moment.

    The clock decides at every read, and so does the notification: what has ended or says something
    else than when it was snoozed is awake, whatever hour was chosen.
    """
    return Q(
        snoozed_until__gt=now,
        snoozed_version=F("notification__version"),
        notification__state=Notification.State.OPEN,
    )


def has(*, employee_id: uuid.UUID, notification_id: uuid.UUID, mode: str = LIVE) -> bool:
    """Whether this person sees it."""
    who = delegated.reader(employee_id=employee_id, now=clock.now(), mode=mode)
    return delegated.owned(who).filter(notification_id=notification_id).exists()


def is_asleep(copy: Recipient, *, now: datetime) -> bool:
    """The same of one copy that was read with its notification."""
    return (
        copy.snoozed_until is not None
        and copy.snoozed_until > now
        and copy.snoozed_version == copy.notification.version
        and copy.notification.state == Notification.State.OPEN
    )
