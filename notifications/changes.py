"""The feed a phone follows: whoever hands back the last cursor misses nothing.

A page ends where all transactions have ended (`notifications.timeline`). A cursor names the
database's epoch, because a restore or a fail-over may take transactions back, and the day it was
given out on, because what is gone is remembered for a while only.
See docs/adr/0006-change-feeds.md.
"""

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from hub.lib import clock, cursors
from notifications import delegated, inbox, timeline
from notifications.models import BroadcastChange, Tombstone

PAGE = 200
POINTER = "/since"

# One's own copies that changed, one's copies of what changed for everybody, and one's copies that
# are gone, in the order of the transactions; each copy once, at its latest change.
CHANGED = """
SELECT notification_id, max(changed_in::text::numeric) AS changed FROM (
    SELECT notification_id, changed_in FROM notifications_recipient
     WHERE employee_id = %(employee)s
       AND changed_in >= %(since)s::text::xid8 AND changed_in < %(until)s::text::xid8
    UNION ALL
    SELECT change.notification_id, change.changed_in
      FROM notifications_broadcastchange change
      JOIN notifications_recipient recipient
        ON recipient.notification_id = change.notification_id
       AND recipient.employee_id = %(employee)s
     WHERE change.changed_in >= %(since)s::text::xid8 AND change.changed_in < %(until)s::text::xid8
    UNION ALL
    SELECT notification_id, changed_in FROM notifications_tombstone
     WHERE employee_id = %(employee)s
       AND changed_in >= %(since)s::text::xid8 AND changed_in < %(until)s::text::xid8
) changes GROUP BY notification_id
HAVING (max(changed_in::text::numeric), notification_id) > (%(since)s::numeric, %(last)s::uuid)
ORDER BY changed, notification_id LIMIT %(limit)s
"""

# A cursor that is older is answered by `full`; what only older ones need is purged some days later.
CURSOR_LIFE = timedelta(days=30)
KEPT = CURSOR_LIFE + timedelta(days=5)
ROWS_A_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor, and the next cursor.

    `full` says that the cursor is of another timeline, too old, or of none: forget what you hold
    and read the inbox. `more` says that the next page is there already.
    """

    entries: list[inbox.Item]
    removed: list[str]  # ids of what this reader sees no more
    cursor: str
    full: bool
    more: bool


def since(*, employee_id: uuid.UUID, cursor: str | None, now: datetime | None = None) -> Changes:
    """The employee's changes after a cursor; without one, only the cursor to begin from."""
    now = now or clock.now()
    until, epoch = timeline.window()
    start = _start(cursor, epoch=epoch, now=now) if cursor else None
    if start is None:
        fresh = _cursor(epoch, until - 1, timeline.LAST, now=now)
        return Changes(entries=[], removed=[], cursor=fresh, full=True, more=False)
    transaction_id, last = start
    with connection.cursor() as database:
        database.execute(
            CHANGED,
            {
                "employee": employee_id,
                "since": str(transaction_id),
                "until": str(until),
                "last": last,
                "limit": PAGE + 1,
            },
        )
        rows = database.fetchall()
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if rows:
        transaction_id, last = int(rows[-1][1]), rows[-1][0]
    ordered = {row[0]: place for place, row in enumerate(rows)}
    who = delegated.reader(employee_id=employee_id, now=now)
    found = list(inbox.copies(who).filter(notification_id__in=ordered))
    found.sort(key=lambda copy: ordered[copy.notification_id])
    return Changes(
        entries=inbox.items(found, who=who, now=now),
        removed=_removed(ordered.keys() - {copy.notification_id for copy in found}, who=who),
        cursor=_cursor(epoch, transaction_id, last, now=now),
        full=False,
        more=more,
    )


def purge(*, now: datetime) -> int:
    """Forget what no cursor that is still good needs; how many rows. In batches of ROWS_A_BATCH."""
    deleted = 0
    for model in (Tombstone, BroadcastChange):
        while True:
            # Ids follow the time closely enough: no index by time is kept for this.
            oldest = model._default_manager.order_by("id").values_list("id", "at")[:ROWS_A_BATCH]
            over = [id_ for id_, at in oldest if at < now - KEPT]
            if not over:
                break
            deleted += model._default_manager.filter(id__in=over).delete()[0]
    return deleted


def _cursor(epoch: str, transaction_id: int, last: uuid.UUID, *, now: datetime) -> str:
    return cursors.encode(epoch, transaction_id, last, _day(now))


def _start(cursor: str, *, epoch: str, now: datetime) -> tuple[int, uuid.UUID] | None:
    """The place that a cursor names; None if it is of another epoch, or too old."""
    *parts, day = cursors.decode(cursor, parts=4, pointer=POINTER)
    if not day.isascii() or not day.isdigit() or len(day) > 6:
        raise cursors.bad(POINTER)
    start = timeline.place(cursors.encode(*parts), epoch=epoch, pointer=POINTER)
    return start if _day(now) - int(day) <= CURSOR_LIFE.days else None


def _day(now: datetime) -> int:
    return int(now.timestamp()) // 86_400


def _removed(unseen: AbstractSet[uuid.UUID], *, who: delegated.Reader) -> list[str]:
    """Which of what changed and is not seen has been: what is gone, and what a delegation showed.

    A copy that is there ahead of its window is not spoken of.
    """
    if not unseen:
        return []
    begun = delegated.begun(who.employee_id).filter(notification_id__in=unseen)
    gone = Tombstone.objects.filter(employee_id=who.employee_id, notification_id__in=unseen)
    removed = {*begun.values_list("notification_id", flat=True)}
    removed |= {*gone.values_list("notification_id", flat=True)}
    return sorted(str(one) for one in removed)
