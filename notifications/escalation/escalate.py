"""Passing the seats of those who do not answer on: to their managers, or to a group."""

from datetime import datetime

from django.conf import settings

from accounts.models import Employee
from notifications import calendars, closing
from notifications.escalation import passing, plan, prompts, unanswered
from notifications.models import Notification, Prompt, Seat


def to_managers(
    notification: Notification, *, prompt: Prompt, book: calendars.Book, now: datetime
) -> prompts.Pass:
    """Each seat that is waited for passes to the holder's manager, as soon as that one works.

    Whose managers end, or are all in the step already, keeps the seat, unless the category has
    a fallback group.
    """
    reached, later = 0, None
    seats = unanswered.free_seats(notification).filter(round__lt=prompt.round)
    for seat in seats.order_by("id").select_related("holder"):
        to = next(passing.successors(seat, notification=notification), None)
        if to is None:
            Seat.objects.filter(pk=seat.pk).update(round=prompt.round)
            continue
        begins_at = passing.push_at(to, notification=notification, book=book, now=now)
        if begins_at > now:
            later = min(begins_at, later or begins_at)
            continue
        move = passing.Move(to, prompt, push_at=now, why="no_answer")
        passing.pass_on(seat, move, notification=notification, now=now)
        reached += 1
    if reached:
        closing.announce(notification, now=now)
    return prompts.Pass(reached=reached, later=later)


def to_group(
    notification: Notification,
    *,
    group: str,
    prompt: Prompt,
    book: calendars.Book,
    now: datetime,
) -> prompts.Pass:
    """The members of a group answer too, or instead; each as soon as they work.

    Where one or some of all must approve, each member gets a seat beside the others. Where all must
    approve, more seats would ask for more approvals: there each seat that is waited for passes to
    one member. Never more seats than a request may have.
    """
    without = passing.taken(notification, step=notification.step)
    found = list(
        passing.members(group, without=without, notification=notification)[: settings.SEATS_AT_MOST]
    )
    shift = unanswered.shift(
        map(unanswered.clock_of, found), notification=notification, book=book, now=now
    )
    working = [one for one in found if unanswered.clock_of(one) in shift.clocks]
    if needs_all(notification):
        reached, is_full = _instead(notification, working, prompt=prompt, now=now)
    else:
        reached, is_full = _beside(notification, working, prompt=prompt, now=now)
    if reached:
        closing.announce(notification, now=now)
    return prompts.Pass(reached=reached, later=None if is_full else shift.later)


def needs_all(notification: Notification) -> bool:
    """Whether everybody who is asked now must approve."""
    steps = notification.policy.get("steps")
    rule = steps[notification.step] if steps else notification.policy
    return bool(rule["mode"] == "all")


def _instead(
    notification: Notification, working: list[Employee], *, prompt: Prompt, now: datetime
) -> tuple[int, bool]:
    """How many seats passed on, and whether none is left."""
    seats = list(unanswered.free_seats(notification).filter(round__lt=prompt.round).order_by("id"))
    for seat, to in zip(seats, working, strict=False):
        move = passing.Move(to, prompt, push_at=now, why="no_answer")
        passing.pass_on(seat, move, notification=notification, now=now)
    return min(len(seats), len(working)), len(working) >= len(seats)


def _beside(
    notification: Notification, working: list[Employee], *, prompt: Prompt, now: datetime
) -> tuple[int, bool]:
    """How many members got a seat, and whether there is room for no more."""
    room = settings.SEATS_AT_MOST - Seat.objects.filter(notification=notification).count()
    for to in working[: max(room, 0)]:
        passing.add(
            passing.Move(to, prompt, push_at=now, why="no_answer"),
            notification=notification,
            now=now,
        )
    return min(max(room, 0), len(working)), room <= len(working)


def run(
    notification: Notification,
    *,
    planned: plan.Planned,
    prompt: Prompt,
    book: calendars.Book,
    now: datetime,
) -> prompts.Pass:
    """One pass of a step that passes seats on."""
    if planned.do == "manager":
        return to_managers(notification, prompt=prompt, book=book, now=now)
    return to_group(notification, group=planned.group, prompt=prompt, book=book, now=now)
