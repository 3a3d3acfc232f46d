"""The errand of a notification that waits for people: one of them, from step to step."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from hub.lib import clock
from notifications import calendars, errands
from notifications.escalation import escalate, passing, prompts, remind
from notifications.models import Errand, Notification

# When to look again at what is not open yet.
NOT_OPEN_YET = timedelta(minutes=5)


def run(errand: Errand, now: datetime) -> None:
    """Take the steps that are due; then wait for the next one, or for people's working time.

    Every pass is a transaction with its own record in it, so that a crash repeats nothing and skips
    nothing: a copy or a seat that was reached carries the round, and is passed over.
    """
    book = calendars.read()
    while _pass(errand, book=book, now=now):
        now = clock.now()
        if not errands.extend(errand, now=now):
            return  # another worker took the errand over


@transaction.atomic
def _pass(errand: Errand, *, book: calendars.Book, now: datetime) -> bool:
    """One batch of one step; False when there is nothing more to do now."""
    notification = Notification.objects.select_for_update(no_key=True).get(id=errand.about)
    if notification.state in Notification.CLOSED:
        errands.finish(errand)
        return False
    if notification.state != Notification.State.OPEN:
        _wait(errand, until=max(now + NOT_OPEN_YET, notification.send_at or now))
        return False
    planned = prompts.next_of(notification)
    if planned is None:
        errands.finish(errand)
        return False
    if planned.at > now:
        _wait(errand, until=planned.at)
        return False
    prompt = prompts.begin(notification, do=planned.do, place=planned.place, now=now)
    if planned.do == "remind":
        done = remind.run(notification, prompt=prompt, book=book, now=now)
    else:
        done = escalate.run(notification, planned=planned, prompt=prompt, book=book, now=now)
    prompts.note(prompt, done, now=now)
    if not done.more and done.later is not None:
        _wait(errand, until=done.later)
        return False
    if not done.more:
        audit.record(
            now=now,
            actor=passing.ACTOR,
            action="prompted",
            subject_kind="notification",
            subject_id=notification.id,
            data={"do": planned.do, "round": prompt.round},
        )
    return True


def _wait(errand: Errand, *, until: datetime) -> None:
    errands.postpone(errand, until=until, error="", tried=False)
