"""What an employee sees: the list by keyset, one item with the truth about it, capped counts."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Q, QuerySet

from accounts.models import Employee
from hub.lib import clock, cursors, errors, ids
from hub.lib.columns import CurrentTransactionId
from notifications import delegated, outcomes, threads, waiting
from notifications.assurance import rules
from notifications.models import Decision, Notification, Recipient, Response

LIVE = str(Notification.Mode.LIVE.value)
COUNT_CAP = 100  # beyond it a badge says "99+"


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
    closed_at: str | None
    closed_reason: str | None
    settlement: dict[str, Any] | None
    supersedes: str | None


class Counts(TypedDict):
    """How many wait and are unread; `capped` where there are at least COUNT_CAP."""

    unread: int
    waiting: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an inbox, newest first, and the cursors of its two ends."""

    entries: list[Item]
    after: str | None  # the next, older page
    before: str | None  # the previous, newer page


def copies(who: delegated.Reader) -> QuerySet[Recipient]:
    """The copies that a person sees, with what an item is made of."""
    return delegated.owned(who).select_related("notification__subsystem", "notification__category")


def page(
    *,
    employee_id: uuid.UUID,
    state: str = "open",
    category: str | None = None,
    after: str | None = None,
    before: str | None = None,
    page_size: int = 50,
    now: datetime | None = None,
) -> Page:
    """A page: `open` (not archived), `waiting` (for this person) or `archived`."""
    who = delegated.reader(employee_id=employee_id, now=now or clock.now())
    rows = copies(who)
    if state == "archived":
        rows = rows.exclude(archived_at=None)
    elif state == "waiting":
        rows = rows.filter(waiting.for_person(employee_id, standing_in=who.standing_in))
    else:
        rows = rows.filter(archived_at=None)
    if category is not None:
        rows = rows.filter(notification__category__key=category)
    if before is not None:
        at, last = cursors.read_moment(before)
        rows = rows.filter(Q(arrived_at__gt=at) | Q(arrived_at=at, notification_id__gt=last))
        found = list(rows.order_by("arrived_at", "notification_id")[: page_size + 1])
        more_before, more_after = len(found) > page_size, True
        found = found[:page_size][::-1]
    else:
        if after is not None:
            at, last = cursors.read_moment(after)
            rows = rows.filter(Q(arrived_at__lt=at) | Q(arrived_at=at, notification_id__lt=last))
        found = list(rows.order_by("-arrived_at", "-notification_id")[: page_size + 1])
        more_before, more_after = after is not None, len(found) > page_size
        found = found[:page_size]
    return Page(
        entries=items(found, who=who),
        after=_place(found[-1]) if found and more_after else None,
        before=_place(found[0]) if found and more_before else None,
    )


def _place(row: Recipient) -> str:
    return cursors.of_moment(row.arrived_at, row.notification_id)


def item(
    *,
    employee_id: uuid.UUID,
    notification_id: uuid.UUID,
    mode: str = LIVE,
    now: datetime | None = None,
) -> Item:
    """One copy, with the state of things now. Raises NotFound for a copy of somebody else."""
    who = delegated.reader(employee_id=employee_id, now=now or clock.now(), mode=mode)
    row = copies(who).filter(notification_id=notification_id).first()
    if row is None:
        raise errors.NotFound("There is no such notification in your inbox.")
    return items([row], who=who)[0]


def has(*, employee_id: uuid.UUID, notification_id: uuid.UUID, mode: str = LIVE) -> bool:
    """Whether this person sees it."""
    who = delegated.reader(employee_id=employee_id, now=clock.now(), mode=mode)
    return delegated.owned(who).filter(notification_id=notification_id).exists()


def items(rows: Sequence[Recipient], *, who: delegated.Reader) -> list[Item]:
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
    return [
        _item(
            row,
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
    thread: list[threads.Asked],
    free: Sequence[Employee],
    answer: Response | None,
    decision: Decision | None,
) -> Item:
    notification, card = row.notification, row.notification.card
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
        "closed_at": clock.text(notification.closed_at),
        "closed_reason": notification.reason,
        "settlement": notification.settled,
        "supersedes": ids.text(notification.supersedes),
    }


def offered(notification: Notification) -> list[dict[str, Any]]:
    """The answers that a request offers, each with whether it is only taken signed."""
    return [
        {"inputs": [], **action, "step_up": rules.needs_proof(notification, action)}
        for action in notification.card.get("actions", [])
    ]


def counts(*, employee_id: uuid.UUID, now: datetime | None = None) -> Counts:
    """Unread and waiting, each counted to COUNT_CAP at most by a partial index."""
    who = delegated.reader(employee_id=employee_id, now=now or clock.now())
    unread = delegated.owned(who).filter(read_at=None, archived_at=None)
    asked = delegated.owned(who).filter(
        waiting.for_person(employee_id, standing_in=who.standing_in)
    )
    numbers = [len(q.values_list("notification_id")[:COUNT_CAP]) for q in (unread, asked)]
    return {"unread": numbers[0], "waiting": numbers[1], "capped": COUNT_CAP in numbers}


MARKS = {"seen": "seen_at", "read": "read_at", "archived": "archived_at"}


def mark(
    *, employee_id: uuid.UUID, notification_ids: Sequence[uuid.UUID], mark: str, now: datetime
) -> int:
    """Set an engagement time on one's own copies, where it isn't set yet; how many were set.

    `unarchived` takes an archive back. What waits for oneself can't be archived.
    """
    column = MARKS["archived" if mark == "unarchived" else mark]
    who, unset = delegated.reader(employee_id=employee_id, now=now), {column: None}
    rows = Recipient.objects.filter(
        delegated.visible(who), notification_id__in=list(notification_ids)
    )
    rows = rows.exclude(**unset) if mark == "unarchived" else rows.filter(**unset)
    if mark == "archived":
        rows = rows.exclude(waiting.for_person(employee_id, standing_in=who.standing_in))
    return rows.update(
        **{column: None if mark == "unarchived" else now}, changed_in=CurrentTransactionId()
    )
