"""The decision on a request as people and sub-systems read it."""

import uuid
from typing import TypedDict

from accounts.models import Employee
from hub.lib import clock, ids
from notifications.models import Decision

Person = dict[str, str]


class Outcome(TypedDict):
    """The decision on a request, and what the sub-system did with it."""

    verb: str
    effect: str
    version: int
    decided_at: str
    decided_by: Person | None
    on_behalf_of: Person | None
    by_you: bool
    outcome: str
    message: str
    superseded_by: str | None


def person(employee: Employee | None) -> Person | None:
    """Somebody else, as much of them as a colleague sees; None for nobody."""
    if employee is None:
        return None
    return {"employee_id": employee.employee_id, "name": employee.display_name}


def outcome(decision: Decision, *, reader_id: uuid.UUID | None = None) -> Outcome:
    """A decision as people and sub-systems read it."""
    response = decision.response
    return {
        "verb": decision.verb,
        "effect": decision.effect,
        "version": decision.version,
        "decided_at": clock.text(decision.decided_at),
        "decided_by": None if response is None else person(response.actor),
        "on_behalf_of": None if response is None else person(response.on_behalf_of),
        "by_you": response is not None and response.actor_id == reader_id,
        "outcome": decision.outcome,
        "message": decision.outcome_message,
        "superseded_by": ids.text(decision.superseded_by),
    }
