"""The feed a phone follows: whoever hands back the last cursor misses nothing.

A page ends where all transactions have ended (`notifications.timeline`). A cursor names the
database's epoch, because a restore or a fail-over may take transactions back.
See docs/adr/0006-change-feeds.md.
"""

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from hub.lib import clock, cursors
from notifications import delegated, inbox, timeline

PAGE = 200
POINTER = "/since"

# One's own copies that changed, and one's copies of what changed for everybody, in the order of
# the transactions; each copy once, at its latest change.
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
) changes GROUP BY notification_id
HAVING (max(changed_in::text::numeric), notification_id) > (%(since)s::numeric, %(last)s::uuid)
ORDER BY changed, notification_id LIMIT %(limit)s
"""

ZERO = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor, and the next cursor.

    `full` says that the cursor is of another timeline, or of none: forget what you hold and read
    the inbox. `more` says that the next page is there already.
    """

    entries: list[inbox.Item]
    removed: list[str]  # ids of what this reader sees no more
    cursor: str
    full: bool
    more: bool


def since(*, employee_id: uuid.UUID, cursor: str | None, now: datetime | None = None) -> Changes:
    """The employee's changes after a cursor; without one, only the cursor to begin from."""
    until, epoch = timeline.window()
    start = timeline.place(cursor, epoch=epoch, pointer=POINTER) if cursor else None
    if start is None:
        fresh = cursors.encode(epoch, until - 1, timeline.LAST)
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
    now = now or clock.now()
    who = delegated.reader(employee_id=employee_id, now=now)
    found = list(inbox.copies(who).filter(notification_id__in=ordered))
    found.sort(key=lambda copy: ordered[copy.notification_id])
    return Changes(
        entries=inbox.items(found, who=who, now=now),
        removed=_removed(ordered.keys() - {copy.notification_id for copy in found}, who=who),
        cursor=cursors.encode(epoch, transaction_id, last),
        full=False,
        more=more,
    )


def _removed(unseen: AbstractSet[uuid.UUID], *, who: delegated.Reader) -> list[str]:
    """Which of what changed and is not seen has been: copies by a delegation that had begun.

    A copy that is there ahead of its window is not spoken of.
    """
    if not unseen:
        return []
    begun = delegated.begun(who.employee_id).filter(notification_id__in=unseen)
    return sorted(str(one) for one in begun.values_list("notification_id", flat=True))
