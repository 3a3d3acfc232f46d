"""An item: one copy with the truth about it now, as a client reads it."""

import functools
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Q

from accounts.models import Employee
from hub.lib import clock, errors, ids
from notifications import attachments, delegated, editions, outcomes, preferences, threads, waiting
from notifications.assurance import rules
from notifications.inbox.copies import LIVE, copies, is_asleep
from notifications.models import Decision, Notification, Recipient, Response
from notifications.models.notification import Card


class Item(TypedDict):
    """One copy in an inbox."""

    id: str
    kind: str
    state: str
    version: int
    category: str
    subsystem: dict[str, str]
    sensitivity: str
    priority: str
    title: str
    summary: str
    body: str
    facts: list[dict[str, Any]]
    links: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    progress: dict[str, int] | None
    actions: list[dict[str, Any]]
    answer_for: list[outcomes.Person | None]
    waiting_for_you: bool
    your_answer: dict[str, Any] | None
    decision: outcomes.Outcome | None
    thread: list[threads.Asked]
    arrived_at: str
    due_at: str | None
    expires_at: str | None
    seen_at: str | None
    read_at: str | None
    acknowledged_at: str | None
    archived_at: str | None
    snoozed_until: str | None
    closed_at: str | None
    closed_reason: str | None
    settlement: dict[str, Any] | None
    supersedes: str | None
    submission: str


def item(
    *,
    employee_id: uuid.UUID,
    notification_id: uuid.UUID,
    mode: str = LIVE,
    now: datetime | None = None,
) -> Item:
    """One copy, with the state of things now. Raises NotFound for a copy of somebody else."""
    now = now or clock.now()
    who = delegated.reader(employee_id=employee_id, now=now, mode=mode)
    row = copies(who).filter(notification_id=notification_id).first()
    if row is None:
        raise errors.NotFound("There is no such notification in your inbox.")
    return items([row], who=who, now=now)[0]


def card(*, employee_id: uuid.UUID, notification_id: uuid.UUID) -> Card:
    """What one's own copy says. Raises NotFound for a copy of somebody else."""
    who = delegated.reader(employee_id=employee_id, now=clock.now())
    row = copies(who).filter(notification_id=notification_id).first()
    if row is None:
        raise errors.NotFound("There is no such notification in your inbox.")
    return row.notification.card


def items(rows: Sequence[Recipient], *, who: delegated.Reader, now: datetime) -> list[Item]:
    """Copies as a client reads them; a few more queries whatever their number."""
    asked = [r.notification_id for r in rows if r.notification.kind == Notification.Kind.REQUEST]
    seated: dict[uuid.UUID, list[Employee]] = {}
    answers: dict[uuid.UUID, Response] = {}
    decided: dict[uuid.UUID, Decision] = {}
    if asked:
        free = waiting.free_seats(who.employee_id, standing_in=who.standing_in)
        for seat in free.filter(notification_id__in=asked).select_related("holder"):
            seated.setdefault(seat.notification_id, []).append(seat.holder)
        given = Response.objects.filter(
            Q(actor_id=who.employee_id) | Q(on_behalf_of_id=who.employee_id),
            notification_id__in=asked,
        )
        # The latest stays.
        for response in given.select_related("actor", "on_behalf_of").order_by("id"):
            answers[response.notification_id] = response
        for decision in Decision.objects.filter(notification_id__in=asked).select_related(
            "response__actor", "response__on_behalf_of"
        ):
            decided[decision.notification_id] = decision
    told = threads.of(asked) if asked else {}

    @functools.cache
    def language() -> str:  # asked only where a template is to be worded
        return preferences.language(employee_id=who.employee_id)

    return [
        _item(
            row,
            now=now,
            language=language,
            thread=told.get(row.notification_id, []),
            free=seated.get(row.notification_id, ()),
            answer=answers.get(row.notification_id),
            decision=decided.get(row.notification_id),
        )
        for row in rows
    ]


def _item(
    row: Recipient,
    *,
    now: datetime,
    language: Callable[[], str],
    thread: list[threads.Asked],
    free: Sequence[Employee],
    answer: Response | None,
    decision: Decision | None,
) -> Item:
    notification, card = row.notification, _worded(row.notification, language)
    if answer is not None and answer.version != notification.version:
        answer = None  # an edit voided it
    confirmed = (row.acknowledged_version or 0) >= notification.version
    waits = bool(free) and not notification.collects
    if notification.kind == Notification.Kind.ACKNOWLEDGEMENT:
        waits = not confirmed and notification.state == Notification.State.OPEN
    return {
        "id": str(notification.id),
        "kind": notification.kind,
        "state": notification.state,
        "version": notification.version,
        "category": notification.category.key,
        "subsystem": {"key": notification.subsystem.key, "name": notification.subsystem.name},
        "sensitivity": notification.sensitivity,
        "priority": notification.priority,
        "title": card["title"],
        "summary": card["summary"],
        "body": card["body"],
        "facts": card["facts"],
        "links": card["links"],
        "attachments": attachments.listed(notification.card, notification_id=notification.id),
        "progress": notification.progress,
        "actions": offered(notification) if free else [],
        "answer_for": [outcomes.person(one) for one in free],
        "waiting_for_you": waits,
        "your_answer": None
        if answer is None
        else {
            "verb": answer.verb,
            "inputs": answer.inputs,
            "responded_at": clock.text(answer.responded_at),
            "by": outcomes.person(answer.actor),
            "on_behalf_of": outcomes.person(answer.on_behalf_of),
        },
        "decision": None
        if decision is None
        else outcomes.outcome(decision, reader_id=row.employee_id),
        "thread": thread,
        "arrived_at": clock.text(row.arrived_at),
        "due_at": clock.text(notification.due_at),
        "expires_at": clock.text(notification.expires_at),
        "seen_at": clock.text(row.seen_at),
        "read_at": clock.text(row.read_at),
        "acknowledged_at": clock.text(row.acknowledged_at) if confirmed else None,
        "archived_at": clock.text(row.archived_at),
        "snoozed_until": clock.text(row.snoozed_until) if is_asleep(row, now=now) else None,
        "closed_at": clock.text(notification.closed_at),
        "closed_reason": notification.reason,
        "settlement": notification.settled,
        "supersedes": ids.text(notification.supersedes),
        "submission": notification.submission,
    }


def _worded(notification: Notification, language: Callable[[], str]) -> Card:
    """The card in the reader's language; what has to be signed reads the same for everybody."""
    card = notification.card
    if "template" not in card:
        return card
    if any(rules.needs_proof(notification, action) for action in card.get("actions", [])):
        return card
    return editions.localized(card, language=language())


def offered(notification: Notification) -> list[dict[str, Any]]:
    """The answers that a request offers, each with whether it is only taken signed."""
    return [
        {"inputs": [], **action, "step_up": rules.needs_proof(notification, action)}
        for action in notification.card.get("actions", [])
    ]
