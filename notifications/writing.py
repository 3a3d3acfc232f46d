"""Accepted notifications and all they make necessary, by one statement that commits by itself.

One statement is one round trip and one transaction: either the notifications with their copies,
seats, errands and the record of the request are there afterwards, or nothing is. What it may not
do is trust what was read or assumed before it: it does nothing unless the categories are as they
were seen, and everybody is there whose id or name it was given.
See docs/adr/0008-accepting-fast.md.
"""

import enum
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import repeats
from accounts.subsystems import Caller
from hub.lib import statements
from notifications import errands, hints, queues
from notifications.escalation import schedule
from notifications.fanout import JOINERS_EVERY
from notifications.models import Delivery, Errand, Notification
from notifications.models.category import Sensitivity
from notifications.models.notification import Card

# Copies have no foreign keys: that they are selected from the employees is the check. OFFSET 0
# rules out a join that reads the whole table, however many people the planner takes a list for.
STATEMENT = """
WITH given AS MATERIALIZED (
    SELECT row.*, category.id IS NOT NULL AND (row.requester IS NULL OR asking.id IS NOT NULL)
           AS is_sound, coalesce(row.requester_id, asking.id) AS asked_by
      FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        id uuid, category_id uuid, category_seen text, kind text, reference text, state text,
        sensitivity text, priority text, content jsonb, sealed_content bytea, audience jsonb,
        policy jsonb, requester_id uuid, requester text, collapse_key text, metadata jsonb,
        waves jsonb, joiners bool, send_at timestamptz, due_at timestamptz,
        expires_at timestamptz, on_expiry text, held_over int, tells_each bool, escalation jsonb,
        people uuid[], names text[], seats uuid[], steps int[], at_once bool, copies int)
      LEFT JOIN LATERAL (
        SELECT id FROM notifications_category
         WHERE id = row.category_id AND xmin || '/' || ctid = row.category_seen OFFSET 0
           ) AS category ON true
      LEFT JOIN LATERAL (
        SELECT id FROM accounts_employee WHERE employee_id = row.requester OFFSET 0
           ) AS asking ON true),
people AS MATERIALIZED (
    SELECT given.id AS notification_id, given.kind, given.at_once, named.seat_id,
           coalesce(named.step, 0) AS step, employee.id AS employee_id
      FROM given
     CROSS JOIN unnest(given.people, given.names, given.seats, given.steps)
           AS named (id, name, seat_id, step)
     CROSS JOIN LATERAL (
        SELECT id FROM accounts_employee
         WHERE accounts_employee.id = named.id AND disabled_at IS NULL
        UNION ALL
        SELECT id FROM accounts_employee
         WHERE accounts_employee.employee_id = named.name AND disabled_at IS NULL
        OFFSET 0) AS employee),
sound AS MATERIALIZED (
    SELECT 1 WHERE (SELECT count(*) FROM people) = %(people)s
               AND (SELECT bool_and(is_sound) FROM given) IS NOT FALSE),
claimed AS ({claim}),
notification AS (
    INSERT INTO notifications_notification (
        id, subsystem_id, category_id, mode, kind, reference, state, version, sensitivity,
        priority, content, sealed_content, audience, policy, requester_id, collapse_key, metadata,
        waves, joiners, send_at, due_at, expires_at, on_expiry, created_at, sent_with, held_over,
        tells_each, escalation, fanned_out_at, recipient_count, next_sequence)
    SELECT id, %(subsystem)s, category_id, %(mode)s, kind, reference, state, 1, sensitivity,
           priority, content, sealed_content, audience, policy, asked_by, collapse_key,
           metadata, waves, joiners, send_at, due_at, expires_at, on_expiry, %(now)s, %(key)s,
           held_over, tells_each, escalation,
           CASE WHEN at_once THEN %(now)s::timestamptz END,
           CASE WHEN at_once THEN copies ELSE 0 END, 1
      FROM given, claimed),
seat AS (
    INSERT INTO notifications_seat (id, notification_id, step, principal_id, holder_id, source)
    SELECT seat_id, notification_id, step, employee_id, employee_id, 'audience'
      FROM people, claimed WHERE seat_id IS NOT NULL),
recipient AS (
    INSERT INTO notifications_recipient (
        employee_id, notification_id, arrived_at, acknowledged_version)
    SELECT employee_id, notification_id, %(now)s, CASE kind WHEN 'acknowledgement' THEN 0 END
      FROM people, claimed WHERE at_once AND step = 0),
ends AS MATERIALIZED (
    SELECT notification_id, array_agg(employee_id ORDER BY employee_id) AS people
      FROM people WHERE at_once AND step = 0 GROUP BY notification_id),
errand AS (
    INSERT INTO notifications_errand (
        kind, queue, lane, subsystem_id, notification_id, size, purpose, employee_from,
        employee_to, due_at, attempts, last_error, created_at)
    SELECT kind, queue, lane, %(subsystem)s, row.notification_id, size, purpose,
           ends.people[1], ends.people[cardinality(ends.people)], due_at, 0, '', %(now)s
      FROM claimed CROSS JOIN jsonb_to_recordset(%(errands)s::jsonb) AS row (
        kind text, queue text, lane smallint, notification_id uuid, size int, purpose text,
        due_at timestamptz)
      LEFT JOIN ends ON ends.notification_id = row.notification_id AND purpose = {show})
SELECT (SELECT count(*) FROM sound), (SELECT count(*) FROM claimed)
"""
# As plain text: to compare and to write an enumeration's member takes ten times as long.
_PUSH = str(Errand.Kind.PUSH.value)
_FAN_OUT = str(Errand.Kind.FAN_OUT.value)
_JOINERS = str(Errand.Kind.JOINERS.value)
_ESCALATE = str(Errand.Kind.ESCALATE.value)
_EXPIRE = str(Errand.Kind.EXPIRE.value)
_SHOW = str(Delivery.Purpose.SHOW.value)
_SEALED: Any = Notification._meta.get_field("sealed_content")
KEYLESS = STATEMENT.format(show=f"'{_SHOW}'", claim="SELECT 1 FROM sound")
KEYED = STATEMENT.format(show=f"'{_SHOW}'", claim=repeats.CLAIM.format(when="sound"))


class Outcome(enum.Enum):
    """What became of a statement."""

    WRITTEN = enum.auto()
    MOVED = enum.auto()  # what was seen or assumed is not so: nothing was written, look (again)
    REPEATED = enum.auto()  # the request was done, or is being done, by another: nothing written


@dataclass(frozen=True, slots=True)
class Row:
    """A notification to be written; none of its people if they are too many.

    They and the requester by id, or as the sender names them, which is an employee id.
    The people of a sequence come step by step; only those of the first one get their copies now.
    """

    id: uuid.UUID
    category_id: uuid.UUID
    category_seen: str  # see `lookup.Category`
    kind: str
    reference: str
    state: str
    sensitivity: str
    priority: str
    card: Card
    audience: dict[str, Any]
    policy: dict[str, Any]
    requester: uuid.UUID | str | None
    collapse_key: str
    metadata: dict[str, Any]
    waves: dict[str, str] | None
    joiners: bool
    send_at: datetime | None
    due_at: datetime | None
    expires_at: datetime | None
    on_expiry: str
    people: Sequence[uuid.UUID | str]
    seats: Sequence[uuid.UUID]  # ids for the seats of these people; none for a notice
    steps: Sequence[int]  # and their steps; none where there is but one
    at_once: bool  # its copies are written now, not by a fan-out
    held_over: int | None  # the blast radius that it exceeds
    escalation: Sequence[dict[str, Any]] = ()  # what happens while nobody answers
    tells_each: bool = False  # of an acknowledgement: an event for each person who confirms

    @property
    def first(self) -> Sequence[uuid.UUID | str]:
        """Those who are told first: everybody, unless it is a sequence."""
        return self.people[: self.steps.count(0)] if self.steps else self.people


def write(
    rows: Sequence[Row], *, caller: Caller, now: datetime, record: repeats.Record | None = None
) -> Outcome:
    """Write notifications, and the record of the request that brought them; then ring.

    Outside of a transaction they are committed when this returns. Whoever passes a record is
    told REPEATED if the request was done before, and finds the first answer in that record.
    """
    due = [errand for row in rows for errand in _errands(row, now=now)]
    parameters: dict[str, Any] = {
        "rows": json.dumps([_json(row) for row in rows]),
        "errands": json.dumps(due),
        "people": sum(len(row.people) for row in rows),
        "subsystem": caller.subsystem_id,
        "mode": caller.mode,
        "key": caller.key_id,
        "now": now,
    }
    if record is not None:
        parameters |= record.parameters(now=now)
    [(sound, claimed)] = statements.rows(KEYLESS if record is None else KEYED, parameters)
    if not sound:
        return Outcome.MOVED
    if record is not None and not claimed:
        return Outcome.REPEATED
    for queue in {errand["queue"] for errand in due if errand["due_now"]}:
        queues.wake(queue)
    hints.notifications([row.id for row in rows if row.at_once])
    return Outcome.WRITTEN


def _json(row: Row) -> dict[str, Any]:
    """A row as the statement reads it."""
    is_sealed = row.sensitivity == Sensitivity.RESTRICTED
    asking = row.requester
    by_id = [str(one) if isinstance(one, uuid.UUID) else None for one in row.people]
    by_name = [one if isinstance(one, str) else None for one in row.people]
    return {
        "id": str(row.id),
        "category_id": str(row.category_id),
        "category_seen": row.category_seen,
        "kind": row.kind,
        "reference": row.reference,
        "state": row.state,
        "sensitivity": row.sensitivity,
        "priority": row.priority,
        "content": None if is_sealed else row.card,
        "sealed_content": f"\\x{_SEALED.seal(row.card, row=row.id).hex()}" if is_sealed else None,
        "audience": row.audience,
        "policy": row.policy,
        "requester_id": str(asking) if isinstance(asking, uuid.UUID) else None,
        "requester": asking if isinstance(asking, str) else None,
        "collapse_key": row.collapse_key,
        "metadata": row.metadata,
        "waves": row.waves,
        "joiners": row.joiners,
        "held_over": row.held_over,
        "tells_each": row.tells_each,
        "escalation": list(row.escalation),
        "send_at": _moment(row.send_at),
        "due_at": _moment(row.due_at),
        "expires_at": _moment(row.expires_at),
        "on_expiry": row.on_expiry,
        "people": by_id,
        "names": by_name,
        "seats": [str(seat) for seat in row.seats],
        "steps": row.steps,
        "copies": len(row.first),
        "at_once": row.at_once,
    }


def _errands(row: Row, *, now: datetime) -> list[dict[str, Any]]:
    """What the row makes necessary: a push or a fan-out, its joiners, its expiry, its reminders."""
    lane = errands.lane_for(kind=row.kind, priority=row.priority)
    if row.at_once:
        push = _errand(_PUSH, row, lane=lane, due_at=now, now=now)
        due = [{**push, "purpose": _SHOW, "size": len(row.first)}]
        if row.joiners:
            due.append(_errand(_JOINERS, row, lane=lane, due_at=now + JOINERS_EVERY, now=now))
    elif row.held_over is None:
        due = [_errand(_FAN_OUT, row, lane=lane, due_at=max(now, row.send_at or now), now=now)]
    else:
        due = []  # the release sends it
    if row.expires_at is not None:
        due.append(_errand(_EXPIRE, row, lane=lane, due_at=row.expires_at, now=now))
    if row.escalation or row.due_at is not None:
        first_at = schedule.first(
            row.escalation,
            kind=row.kind,
            asked_at=max(now, row.send_at or now),
            due_at=row.due_at,
        )
        if first_at is not None:
            due.append(_errand(_ESCALATE, row, lane=lane, due_at=first_at, now=now))
    return due


def _errand(kind: str, row: Row, *, lane: int, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "queue": queues.queue_of(kind, lane),
        "lane": lane,
        "notification_id": str(row.id),
        "size": Errand.HEAVY,
        "purpose": "",
        "due_at": due_at.isoformat(),
        "due_now": due_at <= now,
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
