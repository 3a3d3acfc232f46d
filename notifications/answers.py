"""A person's own answers, and what became of them."""

import uuid
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from hub.lib import clock, cursors
from notifications import outcomes
from notifications.models import Decision, Response


class Given(TypedDict):
    """An answer; `counts` is false where the content changed after it."""

    notification_id: str
    title: str
    state: str
    verb: str
    effect: str
    comment: str | None
    inputs: dict[str, Any] | None
    version: int
    step: int
    responded_at: str
    counts: bool
    decision: outcomes.Outcome | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of answers, newest first."""

    entries: list[Given]
    after: str | None


def page(*, employee_id: uuid.UUID, after: str | None = None, page_size: int = 50) -> Page:
    """A page of the answers that this person gave."""
    rows = Response.objects.filter(actor_id=employee_id).select_related("notification", "seat")
    if after is not None:
        try:
            rows = rows.filter(id__lt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.order_by("-id")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    decided = Decision.objects.filter(
        notification__in={response.notification_id for response in found}
    ).select_related("response__actor")
    decisions = {decision.notification_id: decision for decision in decided}
    return Page(
        entries=[_given(one, decisions.get(one.notification_id)) for one in found],
        after=cursors.encode(found[-1].id) if more else None,
    )


def _given(response: Response, decision: Decision | None) -> Given:
    notification = response.notification
    return {
        "notification_id": str(notification.id),
        "title": notification.card["title"],
        "state": notification.state,
        "verb": response.verb,
        "effect": response.effect,
        "comment": cast("str | None", response.comment),
        "inputs": cast("dict[str, Any] | None", response.inputs),
        "version": response.version,
        "step": response.seat.step + 1,
        "responded_at": clock.text(response.responded_at),
        "counts": response.version == notification.version,
        "decision": None
        if decision is None
        else outcomes.outcome(decision, reader_id=response.actor_id),
    }
