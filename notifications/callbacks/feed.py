"""The pull feed: the same events as the callbacks, for whoever asks; it misses nothing.

It does not matter whether there is an endpoint, or what became of a callback. A page ends where
all transactions have ended, as the phone's feed does (`notifications.timeline`).
"""

import uuid
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection

from accounts.subsystems import Caller
from hub.lib import cursors
from notifications import timeline
from notifications.models import CallbackEvent

PAGE = 100
POINTER = "/after"

EVENTS = """
SELECT event.id, event.changed_in::text::numeric AS written
  FROM notifications_callbackevent event
  LEFT JOIN notifications_notification notification ON notification.id = event.notification_id
 WHERE event.subsystem_id = %(subsystem)s AND coalesce(notification.mode, 'live') = %(mode)s
   AND event.changed_in >= %(since)s::text::xid8 AND event.changed_in < %(until)s::text::xid8
   AND (event.changed_in::text::numeric, event.id) > (%(since)s::numeric, %(last)s::uuid)
 ORDER BY event.changed_in, event.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order in which they became known, and the cursor to go on from.

    `restarted`: the cursor was of another epoch, and this begins with the oldest event kept.
    `more`: the next page is there already.
    """

    entries: list[dict[str, Any]]
    cursor: str
    restarted: bool
    more: bool


def after(*, caller: Caller, cursor: str | None, page_size: int = PAGE) -> Page:
    """The caller's events after a cursor; without one from the oldest that is kept.

    Raises Invalid for what is no cursor.
    """
    until, epoch = timeline.window()
    start = timeline.place(cursor, epoch=epoch, pointer=POINTER) if cursor else None
    written, last = start or (0, uuid.UUID(int=0))
    with connection.cursor() as database:
        database.execute(
            EVENTS,
            {
                "subsystem": caller.subsystem_id,
                "mode": caller.mode,
                "since": str(written),
                "until": str(until),
                "last": last,
                "limit": page_size + 1,
            },
        )
        rows = database.fetchall()
    more, rows = len(rows) > page_size, rows[:page_size]
    if rows:
        written, last = int(rows[-1][1]), rows[-1][0]
    elif start is None:
        written, last = until - 1, timeline.LAST
    events = CallbackEvent.objects.in_bulk([row[0] for row in rows])
    return Page(
        entries=[cast("dict[str, Any]", events[row[0]].body) for row in rows],
        cursor=cursors.encode(epoch, written, last),
        restarted=cursor is not None and start is None,
        more=more,
    )
