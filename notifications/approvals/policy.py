"""When is a request decided? Pure: seats and effects in, an outcome out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Mode = Literal["any", "all", "quorum"]
Effect = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How many of the seats must approve, and whether one rejection ends it."""

    mode: Mode = "any"
    n: int = 1  # of a quorum
    reject_ends: bool = True

    def needed(self, *, seats: int) -> int:
        """How many approvals decide for approval."""
        return {"any": 1, "all": seats, "quorum": self.n}[self.mode]


def evaluate(policy: Policy, *, seats: int, effects: Sequence[Effect]) -> Effect | None:
    """The outcome that the answers so far decide; None while it is open.

    `effects` are those of the answers in the order they came, at most one a seat. A number of
    approvals that can no longer be reached rejects.
    """
    rejections = sum(effect == "reject" for effect in effects)
    approvals = len(effects) - rejections
    if rejections and policy.reject_ends:
        return "reject"
    needed = policy.needed(seats=seats)
    if approvals >= needed:
        return "approve"
    if approvals + (seats - len(effects)) < needed:
        return "reject"
    return None
