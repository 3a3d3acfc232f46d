"""What a sub-system was told and what was not: its events with their tries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import Q, QuerySet

from accounts.subsystems import Caller
from hub.lib import clock, cursors, errors, ids
from notifications import queues
from notifications.callbacks import turns
from notifications.models import CallbackAttempt, CallbackEvent, Errand, Notification

# What an event may look like from outside: waiting for its turn is pending, too.
STATES = ("pending", "done", "dead", "kept")


class LastTry(TypedDict):
    """The last try: an HTTP status, or why none came."""

    at: str
    status: int | None
    failure: str
    duration_ms: int


class Entry(TypedDict):
    """One event: what it told, and how far it came."""

    id: str
    type: str
    notification_id: str | None
    reference: str
    sequence: int
    state: str
    created_at: str
    done_at: str | None
    attempts: int
    last_try: LastTry | None
    next_try_at: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page, newest first; `after` is None on the last one."""

    entries: list[Entry]
    after: str | None


def of(caller: Caller) -> QuerySet[CallbackEvent]:
    """The caller's events, in the caller's mode: the only way in.

    What is handed in by a form is live.
    """
    in_mode = Q(notification__mode=caller.mode)
    if caller.mode == Notification.Mode.LIVE:
        in_mode |= Q(notification=None)
    return (
        CallbackEvent.objects.filter(in_mode, subsystem_id=caller.subsystem_id)
        .select_related("notification", "subsystem")
        .defer("body")
    )


def page(
    *,
    caller: Caller,
    state: str | None = None,
    type_: str | None = None,
    notification: uuid.UUID | None = None,
    after: str | None = None,
    page_size: int = 50,
) -> Page:
    """Events by state, type and notification, newest first. Raises Invalid for a bad cursor."""
    rows = of(caller)
    if state == "pending":
        rows = rows.filter(state__in=turns.UNTOLD)
    elif state is not None:
        rows = rows.filter(state=state)
    if type_ is not None:
        rows = rows.filter(type=type_)
    if notification is not None:
        rows = rows.filter(notification_id=notification)
    if after is not None:
        try:
            rows = rows.filter(id__lt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.order_by("-id")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    return Page(
        entries=entries(found, caller=caller),
        after=cursors.encode(found[-1].id) if more else None,
    )


def one(*, caller: Caller, event_id: uuid.UUID) -> Entry:
    """One event of the caller. Raises NotFound."""
    event = of(caller).filter(id=event_id).first()
    if event is None:
        raise errors.NotFound("There is no such event of your sub-system.")
    return entries([event], caller=caller)[0]


def entries(found: Sequence[CallbackEvent], *, caller: Caller) -> list[Entry]:
    """Events with their tries; two more queries whatever their number."""
    tries: dict[uuid.UUID, list[CallbackAttempt]] = {}
    for attempt in CallbackAttempt.objects.filter(event__in=found).order_by("id"):
        tries.setdefault(attempt.event_id, []).append(attempt)
    due = _due([e.id for e in found if e.state == CallbackEvent.State.PENDING], caller=caller)
    return [
        _entry(event, tries=tries.get(event.id, []), due_at=due.get(event.id)) for event in found
    ]


def _due(event_ids: Sequence[uuid.UUID], *, caller: Caller) -> dict[uuid.UUID, datetime]:
    """When pending events are tried next: by the sub-system's errands, which an index finds."""
    if not event_ids:
        return {}
    waiting = Errand.objects.filter(
        queue=queues.CALLBACK,
        lane__in=range(4),
        subsystem_id=caller.subsystem_id,
        dead_at=None,
        event_id__in=event_ids,
    )
    return {e.event_id: e.due_at for e in waiting if e.event_id is not None}


def _entry(
    event: CallbackEvent, *, tries: Sequence[CallbackAttempt], due_at: datetime | None
) -> Entry:
    last = tries[-1] if tries else None
    is_untold = event.state in turns.UNTOLD
    return {
        "id": str(event.id),
        "type": event.type,
        "notification_id": ids.text(event.notification_id),
        "reference": event.notification.reference if event.notification else event.submission,
        "sequence": event.sequence,
        "state": CallbackEvent.State.PENDING.value if is_untold else event.state,
        "created_at": clock.text(event.created_at),
        "done_at": clock.text(event.done_at),
        "attempts": len(tries),
        "last_try": None
        if last is None
        else {
            "at": clock.text(last.tried_at),
            "status": last.status,
            "failure": last.failure,
            "duration_ms": last.duration_ms,
        },
        "next_try_at": clock.text(due_at),
    }
