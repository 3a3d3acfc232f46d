"""The record of what was done while nobody answered, and what is to be done next."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import F, Max

from hub.lib import clock
from notifications import waves
from notifications.escalation import plan
from notifications.models import Notification, Prompt


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over the people came to.

    `more`: not all who can be reached now were. `later`: when the next of the others work.
    """

    reached: int = 0
    more: bool = False
    later: datetime | None = None


class Told(TypedDict):
    """A step that was taken, as people and sub-systems read it."""

    do: str
    step: int
    began_at: str
    done_at: str | None
    reached: int


def next_of(notification: Notification) -> plan.Planned | None:
    """The first step that is not done yet, for those who are asked now; None if all are."""
    done = set(
        Prompt.objects.filter(
            notification=notification, step=notification.step, done_at__isnull=False
        ).values_list("place", flat=True)
    )
    planned = plan.plan(
        notification.escalation, asked_at=asked_at(notification), due_at=notification.due_at
    )
    return next((step for step in planned if step.place not in done), None)


def asked_at(notification: Notification) -> datetime:
    """From when the durations count: when those who are asked now were asked.

    Of waves the last one counts, so that nobody is reminded of what they have just received.
    """
    if notification.step_opened_at is not None:
        return notification.step_opened_at
    times = (notification.created_at, notification.send_at, notification.released_at)
    asked = max(moment for moment in times if moment is not None)
    return asked + waves.LONGEST_WAIT if notification.waves else asked


def begin(notification: Notification, *, do: str, place: int | None, now: datetime) -> Prompt:
    """The record of a step of a locked notification: the one under way, or a new one."""
    if place is not None:
        under_way = Prompt.objects.filter(
            notification=notification, step=notification.step, place=place
        ).first()
        if under_way is not None:
            return under_way
    rounds = Prompt.objects.filter(notification=notification).aggregate(last=Max("round"))
    return Prompt.objects.create(
        notification=notification,
        round=(rounds["last"] or 0) + 1,
        step=notification.step,
        place=place,
        do=do,
        began_at=now,
    )


def note(prompt: Prompt, done: Pass, *, now: datetime) -> None:
    """Write down how far it came; it is done when nobody is left."""
    Prompt.objects.filter(pk=prompt.pk).update(
        reached=F("reached") + done.reached,
        done_at=None if done.more or done.later else now,
    )


def told(notification: Notification) -> list[Told]:
    """All steps that were taken, the first one first."""
    return [
        {
            "do": prompt.do,
            "step": prompt.step + 1,
            "began_at": clock.text(prompt.began_at),
            "done_at": clock.text(prompt.done_at),
            "reached": prompt.reached,
        }
        for prompt in Prompt.objects.filter(notification=notification).order_by("round")
    ]


def purpose(prompt: Prompt) -> str:
    """What the pushes of a prompt are for: a name of its own, so that each phone rings once for it.

    The column holds two digits; the hundredth prompt of a notification would ring nobody.
    """
    return f"remind{prompt.round % 100}"
