"""Which seat an answer is for: a person may hold several, in several steps."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Employee
from hub.lib import clock, errors
from notifications import delegated
from notifications.approvals import refusals
from notifications.models import Notification, Response, Seat


@dataclass(frozen=True, slots=True)
class Held:
    """A seat that a person holds, and what was answered from it to the present version."""

    seat: Seat
    response: Response | None


def meant(
    notification: Notification, *, who: delegated.Reader, on_behalf_of: str | None
) -> tuple[Employee | None, list[Held]]:
    """From whose seats an answer is given, None for one's own, and these seats by step.

    Each seat is answered by itself: one's own, or in the name of somebody for whom one stands in.
    Raises NotYoursToAnswer for who has no such seat, and Invalid for a delegate who does not say
    in whose name.
    """
    own = held(notification, employee_id=who.employee_id)
    if on_behalf_of is None:
        if own:
            return None, own
        if _lent(notification, who=who).exists():
            raise errors.Invalid(
                "You stand in for somebody here.",
                errors=[errors.FieldError("/on_behalf_of", "required", "Say for whom you answer.")],
            )
        raise refusals.NotYoursToAnswer("You are not among those who are asked.")
    lent = _lent(notification, who=who).filter(holder__employee_id=on_behalf_of)
    principal = Employee.objects.filter(id__in=lent.values("holder_id")).first()
    if principal is None:
        raise refusals.NotYoursToAnswer("You do not stand in for this person here.")
    return principal, held(notification, employee_id=principal.id)


def _lent(notification: Notification, *, who: delegated.Reader) -> QuerySet[Seat]:
    """The seats of others from which this person may answer now."""
    lent = delegated.seats(who.standing_in, employee_id=who.employee_id)
    return Seat.objects.filter(lent, notification=notification)


def held(notification: Notification, *, employee_id: uuid.UUID) -> list[Held]:
    """The seats that a person holds in a request, by step."""
    found = Seat.objects.filter(notification=notification, holder_id=employee_id)
    given = Response.objects.filter(seat__in=found, version=notification.version)
    answers = {response.seat_id: response for response in given}
    return [Held(seat, answers.get(seat.id)) for seat in found.order_by("step", "id")]


def asked(found: Sequence[Held], notification: Notification, *, step: int | None) -> Held | None:
    """The seat of these that an answer means: one of that step (from 1), or of the present one.

    One that is free comes first. An answer that names no step, of a person who is asked no more,
    means the last one that was.
    """
    at = notification.step if step is None else step - 1
    there = [one for one in found if one.seat.step == at]
    if not there and step is None:
        there = [one for one in found if one.seat.step <= at][-1:]
    return next((one for one in there if one.response is None), there[0] if there else None)


def to_answer(found: Sequence[Held], notification: Notification, *, step: int | None) -> Seat:
    """The free seat from which the answer is given.

    Raises AlreadyAnswered, StepOver for a step that was approved by others, NotYoursToAnswer for
    one in which the person has no seat, and Invalid where it can't be told which step is meant.
    """
    one = asked(found, notification, step=step)
    if one is None or one.seat.step > notification.step:
        raise refusals.NotYoursToAnswer("You are not among those who are asked in this step.")
    if one.response is not None:
        raise refusals.AlreadyAnswered(
            "You have answered this already; an answer can't be changed.",
            data={
                "verb": one.response.verb,
                "responded_at": clock.text(one.response.responded_at),
            },
        )
    if one.seat.step < notification.step:
        raise refusals.StepOver(
            "Others have approved your step; the request has gone on to the next one.",
            data={"progress": notification.progress},
        )
    earlier = [other for other in found if other.response and other.seat.step < one.seat.step]
    if step is None and earlier:
        # A repeated answer to an earlier step, whose reply was lost, must not count for this one.
        now_asked = one.seat.step + 1
        raise errors.Invalid(
            "You are asked a second time, in another step.",
            errors=[errors.FieldError("/step", "required", f"Say that you answer {now_asked}.")],
        )
    return one.seat
