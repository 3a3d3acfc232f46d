"""The one decision of a request: written with everything it makes necessary, or not at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import audit
from hub.lib import clock
from notifications import closing
from notifications.callbacks import events
from notifications.models import Decision, Notification, Response


def decide(
    notification: Notification,
    *,
    verb: str,
    effect: str,
    response: Response | None,
    actor: audit.Actor,
    now: datetime,
    facts_beside: Mapping[str, Any] | None = None,
) -> Decision:
    """Decide a locked, open request in the caller's transaction.

    The decision's primary key is the notification, so there can't be two. With it come the closed
    state, the callback, the clearing of trays and the audit event: together. `facts_beside` are
    told to the sub-system too.
    """
    decision = Decision(
        notification=notification,
        version=notification.version,
        verb=verb,
        effect=effect,
        response=response,
        decided_at=now,
    )
    decision.save(force_insert=True)
    closing.close(notification, state=Notification.State.DECIDED, now=now)
    events.emit(
        notification,
        type_="decision.made",
        facts={**facts(decision, response=response), **(facts_beside or {})},
        now=now,
    )
    audit.record(
        now=now,
        actor=actor,
        action="decided",
        subject_kind="notification",
        subject_id=str(notification.id),
        data={"verb": verb, "effect": effect, "version": notification.version},
    )
    return decision


def facts(decision: Decision, *, response: Response | None) -> dict[str, Any]:
    """What the sub-system learns of a decision."""
    return {
        "version": decision.version,
        "verb": decision.verb,
        "effect": decision.effect,
        "comment": response.comment if response else None,
        "inputs": response.inputs if response else None,
        "actor": actor_of(response) if response else None,
        "decided_at": clock.text(decision.decided_at),
    }


def actor_of(response: Response) -> dict[str, str | None]:
    """Who answered, and for whom where that was somebody else, as an event says it."""
    principal = response.on_behalf_of
    return {
        "employee_id": response.actor.employee_id,
        "on_behalf_of": None if principal is None else principal.employee_id,
    }
