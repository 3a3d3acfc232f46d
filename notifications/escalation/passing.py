"""Passing seats on: to whom, with a copy, a push and a word in the audit log."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from accounts import audience, audit, managers
from accounts.models import Employee
from notifications import calendars, errands
from notifications.escalation import prompts, unanswered
from notifications.models import Category, Delivery, Errand, Notification, Prompt, Seat

ACTOR = audit.Actor(kind="hub", id="escalation")

# Who had a copy finds it on top of the list again.
COPY = """
INSERT INTO notifications_recipient AS copy (employee_id, notification_id, arrived_at, prompted)
VALUES (%s, %s, %s, %s)
ON CONFLICT (employee_id, notification_id) DO UPDATE
   SET arrived_at = excluded.arrived_at, archived_at = NULL, by_delegation = false,
       prompted = excluded.prompted,
       changed_in = excluded.changed_in
RETURNING (xmax = 0)
"""


@dataclass(frozen=True, slots=True)
class Move:
    """Who gets a seat, under which prompt; the push waits for their working time."""

    to: Employee
    prompt: Prompt
    push_at: datetime
    why: str


def taken(notification: Notification, *, step: int) -> set[uuid.UUID]:
    """Who can't get a seat of a step: who holds one, or was named for one, and who asks.

    Two seats of one step held by one person would be one pair of eyes counted twice.
    """
    seats = Seat.objects.filter(notification=notification, step=step)
    pairs = seats.values_list("holder_id", "principal_id")
    found = {person for pair in pairs for person in pair}
    return found | ({notification.requester_id} if notification.requester_id else set())


def successors(seat: Seat, *, notification: Notification) -> Iterator[Employee]:
    """Who may take a seat over, the best first: the holder's managers, then the fallback group.

    Leavers, the requester, and who is in the step already are passed over: the next above is asked.
    """
    excluded = taken(notification, step=seat.step)
    for manager in managers.above(employee_id=seat.holder_id):
        out = manager.disabled_at is not None or manager.id in excluded
        if not out and audience.is_inside(manager.id, notification.audience):
            yield manager
    fallback = Category.objects.get(id=notification.category_id).fallback_group
    if fallback:
        yield from members(fallback, without=excluded, notification=notification)


def members(
    group: str, *, without: Collection[uuid.UUID], notification: Notification
) -> QuerySet[Employee]:
    """The enabled members of a group of the directory whom the notification may reach, by id."""
    meant = audience.restore(
        {"any": [{"group": group}], "within": notification.audience.get("within", ())}
    )
    return audience.matching(meant).exclude(id__in=without).order_by("id")


def pass_on(seat: Seat, move: Move, *, notification: Notification, now: datetime) -> None:
    """Let somebody else answer from a seat of a locked, unclosed notification.

    The former holder goes on seeing it, and their tray is cleared. What is not open yet, or a step
    that is not asked yet, is shown to the new holder when its time comes.
    """
    before = seat.holder_id
    Seat.objects.filter(pk=seat.pk).update(
        holder=move.to,
        source=Seat.Source.ESCALATION,
        round=move.prompt.round,
        stranded_at=None,
    )
    seat.holder = move.to
    if is_asked(notification, step=seat.step):
        show(notification, move, now=now)
        if not unanswered.free_seats(notification).filter(holder_id=before).exists():
            _push(notification, before, purpose=Delivery.Purpose.CLEAR, due_at=now, now=now)
    audit.record(
        now=now,
        actor=ACTOR,
        action="seat_passed_on",
        subject_kind="notification",
        subject_id=notification.id,
        data={
            "seat": str(seat.pk), "from": str(before), "to": str(move.to.id), "why": move.why,
        },
    )  # fmt: skip


def add(move: Move, *, notification: Notification, now: datetime) -> None:
    """Give somebody a seat of their own beside those of the step that is asked."""
    seat = Seat.objects.create(
        notification=notification,
        step=notification.step,
        principal=move.to,
        holder=move.to,
        source=Seat.Source.ESCALATION,
        round=move.prompt.round,
    )
    show(notification, move, now=now)
    audit.record(
        now=now,
        actor=ACTOR,
        action="seat_added",
        subject_kind="notification",
        subject_id=notification.id,
        data={"seat": str(seat.pk), "to": str(move.to.id), "why": move.why},
    )


def show(notification: Notification, move: Move, *, now: datetime) -> None:
    """Give the new holder a copy, or put theirs on top, and push it."""
    with connection.cursor() as cursor:
        cursor.execute(COPY, [move.to.id, notification.id, now, move.prompt.round])
        [(is_new,)] = cursor.fetchall()
    if is_new:
        Notification.objects.filter(id=notification.id).update(
            recipient_count=F("recipient_count") + 1
        )
    _push(
        notification,
        move.to.id,
        purpose=prompts.purpose(move.prompt),
        due_at=move.push_at,
        now=now,
    )


def is_asked(notification: Notification, *, step: int) -> bool:
    """Whether people can answer from the seats of that step now."""
    return notification.state == Notification.State.OPEN and step == notification.step


def push_at(
    employee: Employee, *, notification: Notification, book: calendars.Book, now: datetime
) -> datetime:
    """When the person may be disturbed."""
    if unanswered.is_urgent(notification):
        return now
    return book.next_moment(unanswered.clock_of(employee), moment=now)


def _push(
    notification: Notification,
    employee_id: uuid.UUID,
    *,
    purpose: str,
    due_at: datetime,
    now: datetime,
) -> None:
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=purpose,
        size=1,
        employees=(employee_id, employee_id),
        due_at=max(due_at, now),
        now=now,
    )
