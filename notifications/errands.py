"""The outbox: add, claim, finish, postpone, bury. See docs/adr/0002-the-row-is-the-outbox.md."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.base import ModelState

from accounts import audit
from accounts.models import Activation
from hub.lib import errors, ids, logging
from notifications import queues
from notifications.models import Digest, Errand, Notification

log = logging.get(__name__)

# An errand claimed this often without an end is poison: it is kept for a person to look at.
CLAIMS_AT_MOST = 200

_NAMES = {field.column: field.attname for field in Errand._meta.concrete_fields}

# A loose index scan finds who has something to do in which lane; each gets an equal share of the
# claim, and within a lane they take turns, beginning with one drawn by lot: a claim ends with the
# errand that fills its weight, which may be the first one.
CLAIM = """
WITH RECURSIVE senders AS (
    SELECT lanes.lane, (
        SELECT subsystem_id FROM notifications_errand
         WHERE queue = %(queue)s AND lane = lanes.lane AND dead_at IS NULL
         ORDER BY subsystem_id LIMIT 1) AS id
      FROM generate_series(0, 3) AS lanes(lane)
    UNION ALL
    SELECT senders.lane, (
        SELECT subsystem_id FROM notifications_errand
         WHERE queue = %(queue)s AND lane = senders.lane AND dead_at IS NULL
           AND subsystem_id > senders.id
         ORDER BY subsystem_id LIMIT 1)
      FROM senders WHERE senders.id IS NOT NULL),
locked AS MATERIALIZED (
    SELECT turns.id, turns.size, turns.turn, senders.lane,
           md5(senders.id::text || %(token)s::text) AS lot
      FROM senders
      JOIN accounts_subsystem sender ON sender.id = senders.id AND sender.paused_at IS NULL
     CROSS JOIN LATERAL (
        SELECT due.id, due.size, row_number() OVER (ORDER BY due.due_at, due.id) AS turn FROM (
            SELECT id, size, due_at FROM notifications_errand
             WHERE queue = %(queue)s AND lane = senders.lane AND subsystem_id = senders.id
               AND dead_at IS NULL AND due_at <= %(now)s
               AND (lease_until IS NULL OR lease_until <= %(now)s)
               AND (kind <> 'push' OR NOT EXISTS (  -- asked once a claim: see switches.py
                    SELECT 1 FROM notifications_switch
                     WHERE name = 'pushes' AND off_at IS NOT NULL))
             ORDER BY due_at
             LIMIT (SELECT greatest(1, %(limit)s / count(id)) FROM senders)
               FOR UPDATE SKIP LOCKED) due) turns),
chosen AS (
    SELECT id FROM (
        SELECT id, size, sum(size) OVER (ORDER BY lane, turn, lot, id) AS total FROM locked) summed
     WHERE total - size < %(weight)s)
UPDATE notifications_errand SET lease_token = %(token)s, lease_until = %(until)s,
       attempts = least(attempts + 1, 30000)
  FROM chosen WHERE notifications_errand.id = chosen.id
RETURNING notifications_errand.*
"""
FINISH = """
DELETE FROM notifications_errand
 WHERE id = ANY (string_to_array(%s, ' ')::bigint[]) AND lease_token = ANY (%s::uuid[])
"""


def lane_for(*, kind: str, priority: str) -> int:
    """How soon a notification's work is done: 0 urgent, 1 request, 2 notice, 3 bulk."""
    if priority == Notification.Priority.URGENT:
        return queues.URGENT
    if kind == Notification.Kind.REQUEST or priority == Notification.Priority.HIGH:
        return queues.REQUEST
    if priority == Notification.Priority.BULK:
        return queues.BROADCAST
    return queues.NOTICE


def lane_of(notification: Notification) -> int:
    """The lane of a notification that is there."""
    return lane_for(kind=notification.kind, priority=notification.priority)


def add(
    *,
    kind: Errand.Kind,
    notification: Notification | None,
    due_at: datetime,
    now: datetime,
    subsystem_id: uuid.UUID | None = None,
    purpose: str = "",
    size: int = Errand.HEAVY,
    employees: tuple[uuid.UUID, uuid.UUID] | None = None,
    event_id: uuid.UUID | None = None,
    moment: datetime | None = None,
) -> Errand:
    """Write an errand in the caller's transaction and ring after the commit if it is due.

    Without a notification it is its sub-system's, and as urgent as a request.
    """
    lane = queues.REQUEST if notification is None else lane_of(notification)
    sender = subsystem_id if notification is None else notification.subsystem_id
    assert sender is not None
    errand = Errand.objects.create(
        kind=kind,
        queue=queues.queue_of(kind, lane),
        lane=lane,
        subsystem_id=sender,
        notification=notification,
        purpose=purpose,
        size=size,
        employee_from=employees[0] if employees else None,
        employee_to=employees[1] if employees else None,
        event_id=event_id,
        moment=moment,
        due_at=due_at,
        created_at=now,
    )
    if due_at <= now:
        queues.wake(errand.queue)
    return errand


def claim(*, queue: str, limit: int, now: datetime, weight: int = 1) -> Sequence[Errand]:
    """Due errands of a queue, urgent lanes first, leased to the caller.

    At most `limit`, and no more once their sizes reach `weight`. Sub-systems take turns. What
    other workers hold is passed over, what belongs to a paused sub-system is left.
    """
    token = ids.uuid7()
    until = now + settings.ERRAND_LEASE
    parameters: dict[str, Any] = {"token": token, "until": until, "queue": queue, "now": now}
    parameters |= {"limit": limit, "weight": weight}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, parameters)
        # A newer schema may have columns that this code does not know.
        names = [_NAMES.get(of.name, of.name) for of in cursor.description or ()]
        claimed = [_made(names, row) for row in cursor.fetchall()]
    return sorted(claimed, key=lambda errand: (errand.lane, errand.due_at, errand.id))


def _made(names: Sequence[str], row: tuple[object, ...]) -> Errand:
    """The errand of a row: a claim has hundreds, and Django's own way takes ten times as long."""
    errand = Errand.__new__(Errand)
    errand.__dict__.update(zip(names, row, strict=True))
    errand._state = ModelState()
    errand._state.adding, errand._state.db = False, connection.alias
    return errand


def _own(errand: Errand) -> dict[str, object]:
    return {"id": errand.id, "lease_token": errand.lease_token}


def finish(errand: Errand) -> bool:
    """Remove a done errand; False if its lease was lost to another worker meanwhile."""
    deleted, _ = Errand.objects.filter(**_own(errand)).delete()
    return deleted == 1


def finish_all(done: Sequence[Errand]) -> None:
    """Remove done errands in one statement; those whose lease was lost stay with their holders."""
    if done:
        tokens = {errand.lease_token for errand in done}
        with connection.cursor() as cursor:
            cursor.execute(FINISH, [" ".join(str(errand.id) for errand in done), list(tokens)])


def postpone(errand: Errand, *, until: datetime, error: str, tried: bool = True) -> bool:
    """Give an errand back, due again at `until`; False if its lease was lost meanwhile.

    What only had to wait for its turn was not `tried`, and its attempts are not counted.
    """
    updated = Errand.objects.filter(**_own(errand)).update(
        due_at=until,
        lease_until=None,
        lease_token=None,
        last_error=error[:200],
        attempts=errand.attempts if tried else errand.attempts - 1,
    )
    return updated == 1


def give_back(claimed: Sequence[Errand]) -> None:
    """Let go of errands that were not tried after all: they are due, and nobody holds them."""
    tokens = {errand.lease_token for errand in claimed}
    Errand.objects.filter(id__in=[e.id for e in claimed], lease_token__in=tokens).update(
        lease_until=None, lease_token=None, attempts=F("attempts") - 1
    )


def bury(errand: Errand, *, error: str, now: datetime) -> bool:
    """Keep an errand as dead, for a person to look at; alarms. False if its lease was lost."""
    log.error("errand_dead", errand=errand.id, kind=errand.kind, error=error)
    updated = Errand.objects.filter(**_own(errand)).update(
        dead_at=now, lease_until=None, lease_token=None, last_error=error[:200]
    )
    return updated == 1


def stumble(errand: Errand, *, error: Exception, now: datetime) -> None:
    """Its step raised: try it again later, or bury it if it never ends."""
    reason = type(error).__name__
    if errand.attempts >= CLAIMS_AT_MOST:
        bury(errand, error=reason, now=now)
    else:
        postpone(errand, until=now + back_off(errand.attempts), error=reason)


def extend(errand: Errand, *, now: datetime) -> bool:
    """Lengthen a lease while long work goes on; False if it was lost."""
    return (
        Errand.objects.filter(**_own(errand)).update(lease_until=now + settings.ERRAND_LEASE) == 1
    )


def back_off(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt: 10 s, 20 s, 40 s … 10 minutes at most."""
    return timedelta(seconds=min(600, 10 * 2 ** min(attempts - 1, 6)))


def due_queues(*, now: datetime) -> list[str]:
    """The queues in which something is due and nobody holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT wanted.queue FROM unnest(%s::text[]) AS wanted(queue) WHERE EXISTS ("
            " SELECT 1 FROM notifications_errand errand WHERE errand.queue = wanted.queue"
            " AND dead_at IS NULL AND due_at <= %s"
            " AND (lease_until IS NULL OR lease_until <= %s))",
            [list(queues.ALL), now, now],
        )
        due = [row[0] for row in cursor.fetchall()]
    if queues.PUSH not in due and (_codes_are_due(now) or _digests_are_due(Digest.Road.PUSH, now)):
        due.append(queues.PUSH)
    if queues.MAIL not in due and _digests_are_due(Digest.Road.MAIL, now):
        due.append(queues.MAIL)
    return due


def _digests_are_due(road: str, now: datetime) -> bool:
    """Whether something that was gathered is to be told (notifications/digests.py)."""
    due = Digest.objects.filter(due_at__lte=now, road=road)
    return due.filter(Q(lease_until=None) | Q(lease_until__lte=now)).exists()


def _codes_are_due(now: datetime) -> bool:
    """Whether a code is to be pushed to an address (notifications/push/activate.py)."""
    due = Activation.objects.filter(due_at__lte=now)
    return due.filter(Q(lease_until=None) | Q(lease_until__lte=now)).exists()


def revive(*, errand_id: int, actor: audit.Actor, now: datetime) -> None:
    """Make a dead errand due again, with all its attempts before it.

    Raises NotFound if there is no dead errand of that id.
    """
    with transaction.atomic():
        errand = _dead(errand_id)
        Errand.objects.filter(pk=errand_id).update(
            dead_at=None, due_at=now, attempts=0, lease_until=None, lease_token=None
        )
        queues.wake(errand.queue)
        _note(errand, "errand_revived", actor=actor, now=now)


def remove(*, errand_id: int, actor: audit.Actor, now: datetime) -> None:
    """Drop a dead errand: what it stood for is not done. Raises NotFound as `revive` does."""
    with transaction.atomic():
        errand = _dead(errand_id)
        Errand.objects.filter(pk=errand_id).delete()
        _note(errand, "errand_removed", actor=actor, now=now)


def _dead(errand_id: int) -> Errand:
    dead = Errand.objects.select_for_update().filter(pk=errand_id, dead_at__isnull=False)
    errand = dead.first()
    if errand is None:
        raise errors.NotFound("There is no dead errand of that id.")
    return errand


def _note(errand: Errand, action: str, *, actor: audit.Actor, now: datetime) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="errand",
        subject_id=errand.pk,
        data={"kind": errand.kind, "notification": str(errand.notification_id)},
    )
