"""When what happens while nobody answers. Pure: what the sender said in, moments out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.lib import durations, errors

Do = Literal["remind", "manager", "group"]

DOES = ("remind", "manager", "group")
STEPS_AT_MOST = 8
_MEMBERS = {"after", "do", "group"}
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=365)
# Before `due_at`, people are reminded by so much; of a short time, when half of it is over.
BEFORE_DUE = timedelta(days=1)
DUE = 0  # the place of that reminder; the sender's steps follow from 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A step with its moment. `group` is whose members answer, of a step that says so."""

    place: int
    do: Do
    at: datetime
    group: str = ""


def check(escalation: object, *, pointer: str, seated: bool) -> list[errors.FieldError]:
    """What is wrong with an escalation. `seated`: somebody holds a seat that can be passed on."""
    steps = _shaped(escalation)
    if steps is None:
        shape = f"Up to {STEPS_AT_MOST} objects with `after`, `do` and perhaps `group`."
        return [errors.FieldError(pointer, "invalid", shape)]
    return list(_flaws(steps, pointer=pointer, seated=seated))


def _shaped(escalation: object) -> Sequence[Mapping[str, str]] | None:
    """The steps, if that is what they look like."""
    if not isinstance(escalation, list) or len(escalation) > STEPS_AT_MOST:
        return None
    for step in escalation:
        if not isinstance(step, dict) or not {"after", "do"} <= step.keys() <= _MEMBERS:
            return None
        if not all(isinstance(value, str) for value in step.values()) or step["do"] not in DOES:
            return None
    return escalation


def _flaws(
    escalation: Sequence[Mapping[str, str]], *, pointer: str, seated: bool
) -> Iterator[errors.FieldError]:
    last: timedelta | None = None
    for place, step in enumerate(escalation):
        at = f"{pointer}/{place}"
        try:
            after = durations.parse(step["after"])
        except durations.BadDuration as error:
            yield errors.FieldError(f"{at}/after", "bad_duration", str(error))
            continue
        if not SHORTEST <= after <= LONGEST:
            sentence = "Between one minute and 365 days."
            yield errors.FieldError(f"{at}/after", "bad_duration", sentence)
        elif last is not None and after <= last:
            sentence = "Each step comes later than the one before it."
            yield errors.FieldError(f"{at}/after", "not_later", sentence)
        last = after
        if step["do"] != "remind" and not seated:
            sentence = "Only what is decided can be passed on."
            yield errors.FieldError(f"{at}/do", "nobody_decides", sentence)
        if (step["do"] == "group") != bool(step.get("group")):
            sentence = "A step `group` names one, the others name none."
            yield errors.FieldError(f"{at}/group", "invalid", sentence)


def plan(
    escalation: Sequence[Mapping[str, Any]], *, asked_at: datetime, due_at: datetime | None
) -> list[Planned]:
    """All steps in the order of their moments, counted from when people were asked."""
    steps = [
        Planned(
            place=place,
            do=step["do"],
            at=asked_at + durations.parse(step["after"]),
            group=step.get("group", ""),
        )
        for place, step in enumerate(escalation, start=DUE + 1)
    ]
    if due_at is not None and due_at > asked_at:
        before = min(BEFORE_DUE, (due_at - asked_at) / 2)
        steps.append(Planned(place=DUE, do="remind", at=due_at - before))
    return sorted(steps, key=lambda step: (step.at, step.place))


def only_reminders(escalation: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What remains of an escalation where there is no seat to pass on."""
    return [dict(step) for step in escalation if step["do"] == "remind"]
