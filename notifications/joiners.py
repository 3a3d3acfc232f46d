"""Who enters an audience later, by joining or moving, gets what is still open for it."""

from datetime import datetime

from django.db import transaction

from notifications import errands, fanout
from notifications.models import Errand, Notification


def run(errand: Errand, now: datetime) -> None:
    """Give a copy to every member of the audience who has none, then wait for the next ones.

    Ends with the notification: once it is closed, or past its expiry.
    """
    while _batch(errand, now):
        if not errands.extend(errand, now=now):
            return  # another worker took the errand over


@transaction.atomic
def _batch(errand: Errand, now: datetime) -> bool:
    """Copy one batch; False when there is nothing more to do and the errand is gone."""
    notification = Notification.objects.select_for_update(no_key=True).get(id=errand.about)
    over = notification.expires_at is not None and notification.expires_at <= now
    if over or notification.state != Notification.State.OPEN:
        errands.finish(errand)
        return False
    people = fanout.without_copy(notification, people=fanout.recipients_of(notification))
    if fanout.copy(errand, notification=notification, people=people, now=now):
        return True
    # A new errand rather than the same one again: its tries would count up to poison.
    if errands.finish(errand):
        fanout.await_joiners(notification, now=now)
    return False
