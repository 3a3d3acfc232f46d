"""When is a request decided? Pure: seats and answers in, the standing of the request out.

See docs/adr/0011-policies.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["approve", "reject", "answer"]  # what a verb counts as
Outcome = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How many of a step's seats must approve, and whether one rejection ends it."""

    mode: Literal["any", "all", "quorum"] = "any"
    n: int = 1  # of a quorum
    reject_ends: bool = True

    def needed(self, *, seats: int) -> int:
        """How many approvals decide for approval."""
        return {"any": 1, "all": seats, "quorum": self.n}[self.mode]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a request's steps, each with seats of its own, one step after another.

    Nearly every request has one step. One that does not decide collects answers, and is only
    ever closed by its sender or by its time.
    """

    steps: tuple[Rule, ...] = (Rule(),)
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """Which step is asked, and the outcome; None while the request is open."""

    step: int  # counted from 0
    outcome: Outcome | None


def read(stored: Mapping[str, Any]) -> Policy:
    """The policy as `Notification.policy` keeps it."""
    if stored["mode"] == "sequence":
        return Policy(tuple(Rule(**step) for step in stored["steps"]))
    if stored["mode"] == "collect":
        return Policy(decides=False)
    return Policy((Rule(**stored),))


def evaluate(rule: Rule, *, seats: int, effects: Sequence[Effect]) -> Outcome | None:
    """The outcome that the answers to one step decide so far; None while it is open.

    `effects` are at most one a seat; their order means nothing. An `answer` is neither for nor
    against: it takes its seat. A number of approvals that can no longer be reached rejects.
    """
    approvals, rejections = effects.count("approve"), effects.count("reject")
    if rejections and rule.reject_ends:
        return "reject"
    needed = rule.needed(seats=seats)
    if approvals >= needed:
        return "approve"
    if approvals + (seats - len(effects)) < needed:
        return "reject"
    return None


def standing(
    policy: Policy, *, seats: Sequence[int], answers: Sequence[tuple[int, Effect]]
) -> Standing:
    """Where a request stands: `seats` are how many each step has, `answers` are (step, effect).

    A step begins when the one before it approves. Where one rejects, the request is rejected;
    where the last one approves, it is approved.
    """
    if not policy.decides:
        return Standing(0, None)
    for step, rule in enumerate(policy.steps):
        effects = [effect for at, effect in answers if at == step]
        outcome = evaluate(rule, seats=seats[step], effects=effects)
        if outcome != "approve":
            return Standing(step, outcome)
    return Standing(len(policy.steps) - 1, "approve")
