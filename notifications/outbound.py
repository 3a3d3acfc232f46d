"""The outbound ledger: what content left the premises, to whom, how sensitive, how often.

Written with the result of the handing over, by one statement a batch, and nowhere on the way of
accepting. A try that failed counts as well: what was in it has left.
"""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import connection

from notifications.models import Outbound

CALLBACK = "callback:"  # before the key of a sub-system
_ROWS_AT_ONCE = 2_000

# In one order, so that two that write of the same notifications never wait for each other.
_NOTE = """
INSERT INTO notifications_outbound AS known
       (notification, recipient, purpose, sensitivity, count, first_at, last_at)
SELECT notification.id, said.recipient, said.purpose, notification.sensitivity, said.count,
       %(now)s, %(now)s
  FROM unnest(%(notifications)s::uuid[], %(recipients)s::text[], %(purposes)s::text[],
              %(counts)s::int[]) AS said (notification, recipient, purpose, count)
  JOIN notifications_notification AS notification ON notification.id = said.notification
 ORDER BY 1, 2, 3
    ON CONFLICT (notification, recipient, purpose, sensitivity) DO UPDATE
   SET count = known.count + excluded.count, last_at = excluded.last_at
"""


def note(handed: Mapping[tuple[uuid.UUID, str, str], int], *, now: datetime) -> None:
    """Count what was handed over: by notification, recipient and purpose.

    As the last thing of a transaction: a broadcast's row is everybody's who pushes it.
    """
    if not handed:
        return
    keys = list(handed)
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "now": now,
                "notifications": [key[0] for key in keys],
                "recipients": [key[1] for key in keys],
                "purposes": [key[2] for key in keys],
                "counts": [handed[key] for key in keys],
            },
        )


def rows(*, since: datetime) -> Iterator[list[object]]:
    """The ledger as a table, with its head, of what left since then."""
    columns = [column.name for column in Outbound._meta.concrete_fields if column.name != "id"]
    yield list(columns)
    found = Outbound.objects.filter(last_at__gte=since).order_by("pk").values_list(*columns)
    yield from (list(row) for row in found.iterator(chunk_size=_ROWS_AT_ONCE))
