"""What is gathered for people who want optional notices together: noted, closed, looked at.

A digest is its own errand, with a lease like those of the outbox (docs/adr/0002): it belongs to no
notification. `push.digest` and `mailing.digest` tell it. See docs/adr/0019.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from hub.lib import ids
from notifications import quiet
from notifications.models import Digest, Digested
from notifications.quiet import Window

KEPT = timedelta(days=90)
# What could not be told for so long after it was closed is in the inbox, and that is all.
TOLD_AT_LATEST = timedelta(days=3)

Item = tuple[str, str, int]  # a notification, an employee, a version

# In one order everywhere, so that two that write of the same people never wait for each other.
OPEN = """
INSERT INTO notifications_digest (id, employee_id, ends_at, due_at, road, attempts, last_error,
    created_at)
SELECT gen_random_uuid(), said.employee, said.ends_at, said.ends_at, 'push', 0, '', %(now)s
  FROM unnest(%(employees)s::uuid[], %(ends)s::timestamptz[]) AS said (employee, ends_at)
 ORDER BY said.employee
    ON CONFLICT DO NOTHING
"""
# Whoever closes one waits for us, or passes it over: nothing comes into one that was told.
KEEP_OPEN = """
SELECT employee_id::text, id::text FROM notifications_digest
 WHERE employee_id = ANY (%(employees)s::uuid[]) AND closed_at IS NULL
 ORDER BY employee_id FOR SHARE
"""
GATHER = """
INSERT INTO notifications_digested (notification_id, employee_id, version, digest_id)
SELECT * FROM unnest(%(notifications)s::uuid[], %(employees)s::uuid[], %(versions)s::int[],
                     %(digests)s::uuid[])
    ON CONFLICT DO NOTHING
"""
# What of it is still unread, open and wanted, and how its person is reached.
LOOK = """
SELECT digest.id, person.id, coalesce(left_over.ids, '{}'), coalesce(chosen.push, true),
       CASE WHEN coalesce(chosen.mail, true) THEN person.mail ELSE '' END,
       coalesce(nullif(chosen.language, ''), person.language)
  FROM notifications_digest digest
  JOIN accounts_employee person ON person.id = digest.employee_id AND person.disabled_at IS NULL
  LEFT JOIN notifications_preference chosen ON chosen.employee_id = person.id
 CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT item.notification_id) AS ids
      FROM notifications_digested item
      JOIN notifications_recipient copy ON copy.employee_id = item.employee_id
                                       AND copy.notification_id = item.notification_id
      JOIN notifications_notification notice ON notice.id = item.notification_id
      JOIN notifications_category category ON category.id = notice.category_id
     WHERE item.digest_id = digest.id
       AND copy.read_at IS NULL AND copy.archived_at IS NULL
       AND (copy.snoozed_until IS NULL OR copy.snoozed_until <= %(now)s)
       AND notice.state = 'open' AND notice.mode = 'live'
       AND (notice.expires_at IS NULL OR notice.expires_at > %(now)s)
       AND (category.essential OR NOT EXISTS (
            SELECT 1 FROM notifications_optout
             WHERE category_id = category.id AND employee_id = item.employee_id))) left_over
 WHERE digest.id = ANY (%(digests)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed digest with what is left of it. Personal data: whose it is, and where to."""

    digest: Digest
    notifications: Sequence[uuid.UUID]
    push: bool
    address: str = field(repr=False)  # "": no e-mail
    language: str


def note(items: Sequence[Item], *, windows: Mapping[str, Window], now: datetime) -> None:
    """Gather these, each for its person, in the digest that is open for them.

    In the caller's transaction, which records why they were not told singly. `windows` are the
    people's. What is gathered already stays where it is.
    """
    waiting = {employee for _, employee, _ in items}
    found: dict[str, str] = {}
    for attempt in range(3):  # the window may have been closed since it was asked for
        if not waiting:
            break
        people = sorted(waiting)
        ends = [(*windows[one], now)[attempt] for one in people]
        with connection.cursor() as cursor:
            cursor.execute(OPEN, {"employees": people, "ends": ends, "now": now})
            cursor.execute(KEEP_OPEN, {"employees": people})
            found |= dict(cursor.fetchall())
        waiting -= found.keys()
    there = [item for item in sorted(items) if item[1] in found]
    if there:
        with connection.cursor() as cursor:
            cursor.execute(
                GATHER,
                {
                    "notifications": [item[0] for item in there],
                    "employees": [item[1] for item in there],
                    "versions": [item[2] for item in there],
                    "digests": [found[item[1]] for item in there],
                },
            )


def claim(*, road: str, limit: int, now: datetime) -> list[Digest]:
    """Close and lease what is due; those of people who are to be left in peace wait, and stay open.

    What another worker holds, or just adds to, is passed over.
    """
    while True:
        claimed, seen = _claimed(road, limit=limit, now=now)
        if claimed or not seen:  # else all of these wait, and others may not
            return claimed


def _claimed(road: str, *, limit: int, now: datetime) -> tuple[list[Digest], int]:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    token = ids.uuid7()
    with transaction.atomic():
        due = Digest.objects.filter(free, due_at__lte=now, road=road).order_by("due_at")
        found = list(due.select_for_update(skip_locked=True)[:limit])
        if not found:
            return [], 0
        ranges = [quiet.Range(str(r.employee_id), str(r.employee_id), None, False) for r in found]
        held = {
            found[place].pk: silence.until
            for (place, _), silence in quiet.of(ranges, now=now).silences.items()
            if silence.until is not None
        }
        for key, until in held.items():
            Digest.objects.filter(pk=key).update(due_at=until)
        Digest.objects.filter(pk__in=[row.pk for row in found if row.pk not in held]).update(
            closed_at=Coalesce("closed_at", now),
            lease_token=token,
            lease_until=now + settings.ERRAND_LEASE,
            attempts=F("attempts") + 1,
        )
    return list(Digest.objects.filter(lease_token=token)), len(found)


def look(claimed: Sequence[Digest], *, now: datetime) -> list[Ready]:
    """Those of which something is left to tell; the others are over."""
    by_id = {row.pk: row for row in claimed}
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"digests": list(by_id), "now": now})
        rows = cursor.fetchall()
    ready = [
        Ready(by_id[key], left, push, address, language)
        for key, _, left, push, address, language in rows
        if left and not _is_late(by_id[key], now)
    ]
    wanted = {one.digest.pk for one in ready}
    for row in claimed:
        if row.pk not in wanted:
            finish(row, error="too_late" if _is_late(row, now) else "nothing_left")
    return ready


def finish(row: Digest, *, sent_at: datetime | None = None, error: str = "") -> None:
    """It is over: told, or not to be told any more."""
    _own(row).update(
        due_at=None, lease_until=None, lease_token=None, sent_at=sent_at, last_error=error[:32]
    )


def postpone(
    row: Digest, *, until: datetime, error: str, road: str | None = None, tried: bool = True
) -> None:
    """Try again then, perhaps on another road."""
    _own(row).update(
        due_at=until,
        lease_until=None,
        lease_token=None,
        last_error=error[:32],
        road=road or row.road,
        attempts=row.attempts if tried else row.attempts - 1,
    )


def purge(*, now: datetime) -> int:
    """Forget the digests of long ago; how many rows."""
    over = Digest.objects.filter(due_at=None, closed_at__lt=now - KEPT)
    keys = list(over.values_list("pk", flat=True)[:5000])
    items = Digested.objects.filter(digest__in=keys)
    return items.delete()[0] + Digest.objects.filter(pk__in=keys).delete()[0]


def _is_late(row: Digest, now: datetime) -> bool:
    return row.closed_at is not None and now - row.closed_at > TOLD_AT_LATEST


def _own(row: Digest) -> QuerySet[Digest]:
    """The row, while it is under our lease."""
    return Digest.objects.filter(pk=row.pk, lease_token=row.lease_token)
