"""Which callbacks to make next: every endpoint has its own few places, so none fills them all.

The calls under way are rows, counted under the lock of the endpoint's breaker: the limit holds
over all workers. A slow endpoint keeps its own places busy and nobody else's; one that fails
has fewer, and behind an open breaker there is one, when a probe is due.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from hub.lib import ids
from notifications.models import CallbackCall, Errand

# A loose index scan: who has callbacks at all, however many they are.
SENDERS = """
WITH RECURSIVE senders AS (
    SELECT lanes.lane, (
        SELECT subsystem_id FROM notifications_errand
         WHERE queue = 'callback' AND lane = lanes.lane AND dead_at IS NULL
         ORDER BY subsystem_id LIMIT 1) AS id
      FROM generate_series(0, 3) AS lanes(lane)
    UNION ALL
    SELECT senders.lane, (
        SELECT subsystem_id FROM notifications_errand
         WHERE queue = 'callback' AND lane = senders.lane AND dead_at IS NULL
           AND subsystem_id > senders.id
         ORDER BY subsystem_id LIMIT 1)
      FROM senders WHERE senders.id IS NOT NULL)
INSERT INTO notifications_breaker (subsystem_id)
SELECT DISTINCT senders.id FROM senders
  JOIN accounts_subsystem sender ON sender.id = senders.id AND sender.paused_at IS NULL
    ON CONFLICT DO NOTHING
"""

PLACES = """
SELECT breaker.subsystem_id, breaker.failures, breaker.opened_at IS NOT NULL
  FROM notifications_breaker breaker
  JOIN accounts_subsystem sender ON sender.id = breaker.subsystem_id AND sender.paused_at IS NULL
 WHERE (breaker.opened_at IS NULL OR breaker.probe_at <= %(now)s)
   AND (breaker.failures = 0 OR NOT %(only_well)s)
   AND EXISTS (SELECT 1 FROM generate_series(0, 3) AS lanes(lane), LATERAL (
        SELECT 1 FROM notifications_errand
         WHERE queue = 'callback' AND lane = lanes.lane AND subsystem_id = breaker.subsystem_id
           AND dead_at IS NULL AND due_at <= %(now)s
           AND (lease_until IS NULL OR lease_until <= %(now)s) LIMIT 1) due)
 ORDER BY breaker.subsystem_id FOR UPDATE OF breaker
"""

CLAIM = """
WITH locked AS MATERIALIZED (
    SELECT due.id, due.lane, room.places,
           row_number() OVER (PARTITION BY room.id ORDER BY due.lane, due.due_at, due.id) AS turn
      FROM unnest(%(senders)s::uuid[], %(places)s::int[]) AS room(id, places)
     CROSS JOIN generate_series(0, 3) AS lanes(lane)
     CROSS JOIN LATERAL (
        SELECT id, lane, due_at FROM notifications_errand
         WHERE queue = 'callback' AND lane = lanes.lane AND subsystem_id = room.id
           AND dead_at IS NULL AND due_at <= %(now)s
           AND (lease_until IS NULL OR lease_until <= %(now)s)
         ORDER BY due_at LIMIT room.places FOR UPDATE SKIP LOCKED) due),
chosen AS (
    SELECT id FROM locked WHERE turn <= places ORDER BY turn, lane, id LIMIT %(limit)s),
taken AS (
    UPDATE notifications_errand
       SET lease_token = %(token)s, lease_until = %(until)s, attempts = least(attempts + 1, 30000)
      FROM chosen WHERE notifications_errand.id = chosen.id
 RETURNING notifications_errand.*),
under_way AS (
    INSERT INTO notifications_callbackcall (errand_id, subsystem_id, until)
    SELECT id, subsystem_id, %(until)s FROM taken
        ON CONFLICT (errand_id) DO UPDATE SET until = EXCLUDED.until)
SELECT * FROM taken
"""


def claim(*, limit: int, now: datetime, only_well: bool = False) -> Sequence[Errand]:
    """Due callbacks, leased to the caller: at most `limit`, each endpoint within its places.

    The endpoints take turns; `only_well` leaves those whose last calls failed. What belongs to a
    paused sub-system is left.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLACES, {"now": now, "only_well": only_well})
        rows = cursor.fetchall()
        if not rows:
            return ()
        under_way = _under_way([row[0] for row in rows], now=now)
        places = {
            sender: (1 if is_open else _places(failures)) - under_way.get(sender, 0)
            for sender, failures, is_open in rows
        }
        room = {sender: free for sender, free in places.items() if free > 0}
        parameters = {
            "senders": list(room),
            "places": list(room.values()),
            "limit": limit,
            "now": now,
            "token": ids.uuid7(),
            "until": now + settings.ERRAND_LEASE,
        }
        claimed = list(Errand.objects.raw(CLAIM, parameters)) if room else []
    return sorted(claimed, key=lambda errand: (errand.lane, errand.due_at, errand.id))


def know_senders() -> None:
    """See to it that every sub-system with callbacks has its breaker."""
    with connection.cursor() as cursor:
        cursor.execute(SENDERS)


def let_go(errands: Collection[Errand]) -> None:
    """The calls are over: their places are free."""
    CallbackCall.objects.filter(errand_id__in=[errand.pk for errand in errands]).delete()


def _places(failures: int) -> int:
    """How many calls at once an endpoint gets: half as many after each failure in a row."""
    return max(1, settings.CALLBACK_CALLS_PER_ENDPOINT >> min(failures, 30))


def _under_way(senders: Sequence[uuid.UUID], *, now: datetime) -> dict[uuid.UUID, int]:
    """How many calls of each are under way; those of workers that died are forgotten."""
    calls = CallbackCall.objects.filter(subsystem_id__in=senders)
    calls.filter(until__lte=now).delete()
    counted: dict[uuid.UUID, int] = {}
    for sender in calls.values_list("subsystem_id", flat=True):
        counted[sender] = counted.get(sender, 0) + 1
    return counted
