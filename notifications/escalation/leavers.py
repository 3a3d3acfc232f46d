"""The seats of who has left: they pass to the manager at once, or somebody is told.

See docs/operations.md, "Seats nobody can answer".
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit
from hub.lib import logging
from notifications import calendars, closing
from notifications.escalation import passing, prompts
from notifications.models import Notification, Prompt, Seat

log = logging.get(__name__)

# Seats of people who left longer ago have been looked at: either they passed on, or they are
# stranded, and are looked at as long as they are.
LEFT_WITHIN = timedelta(days=7)
UNCLOSED = ("held", "scheduled", "open")
SURVEY = Q(notification__policy__mode="collect")


def sweep(now: datetime) -> int:
    """Pass on whatever seat its holder can't answer from any more; how many did.

    Each notification is a transaction of its own, and what fails does not stop the others.
    """
    Seat.objects.filter(stranded_at__isnull=False, holder__disabled_at=None).update(
        stranded_at=None
    )
    book, passed = calendars.read(), 0
    for notification_id in (
        _left_behind(now).order_by().values_list("notification_id", flat=True).distinct()
    ):
        with transaction.atomic():
            row = Notification.objects.select_for_update(no_key=True).get(id=notification_id)
            passed += pass_on(row, book=book, now=now)
    return passed


def when_asked(notification: Notification, *, now: datetime) -> None:
    """Pass on the seats of leavers, of a locked request that asks anew or in its next step.

    The sweep does not look for who left long ago: they may have answered before they did, or others
    of their step, and an edit has voided that.
    """
    seats = Seat.objects.filter(notification=notification, step__gte=notification.step)
    if seats.filter(holder__disabled_at__isnull=False).exists():
        pass_on(notification, book=calendars.read(), now=now)


def stranded() -> QuerySet[Seat]:
    """Seats of unclosed requests from which nobody can answer, the oldest first."""
    rows = Seat.objects.filter(stranded_at__isnull=False, notification__state__in=UNCLOSED)
    return rows.exclude(SURVEY).order_by("stranded_at", "id")


def _left_behind(now: datetime) -> QuerySet[Seat]:
    return Seat.objects.filter(
        Q(holder__disabled_at__gte=now - LEFT_WITHIN) | Q(stranded_at__isnull=False),
        holder__disabled_at__isnull=False,
        notification__state__in=UNCLOSED,
    ).exclude(SURVEY)


def pass_on(notification: Notification, *, book: calendars.Book, now: datetime) -> int:
    """Pass on the leavers' seats of a locked request; how many did.

    Not those of a survey: it waits for nobody, and nobody's opinion is their manager's to give.
    """
    seats = Seat.objects.filter(
        notification=notification,
        step__gte=notification.step,
        holder__disabled_at__isnull=False,
    ).exclude(response__version=notification.version)
    if notification.state in Notification.CLOSED or notification.collects:
        return 0
    prompt: Prompt | None = None
    passed = 0
    for seat in seats.order_by("step", "id"):
        to = next(passing.successors(seat, notification=notification), None)
        if to is None:
            _strand(seat, now=now)
            continue
        prompt = prompt or prompts.begin(notification, do=Prompt.Do.LEAVER, place=None, now=now)
        at = passing.push_at(to, notification=notification, book=book, now=now)
        move = passing.Move(to, prompt, push_at=at, why="left")
        passing.pass_on(seat, move, notification=notification, now=now)
        passed += 1
    if prompt is not None:
        prompts.note(prompt, prompts.Pass(reached=passed), now=now)
        closing.announce(notification, now=now)
    return passed


def _strand(seat: Seat, *, now: datetime) -> None:
    if seat.stranded_at is not None:
        return
    Seat.objects.filter(pk=seat.pk).update(stranded_at=now)
    log.error("seat_stranded", seat=str(seat.pk), notification=str(seat.notification_id))
    audit.record(
        now=now,
        actor=passing.ACTOR,
        action="seat_stranded",
        subject_kind="notification",
        subject_id=seat.notification_id,
        data={"seat": str(seat.pk), "holder": str(seat.holder_id)},
    )
