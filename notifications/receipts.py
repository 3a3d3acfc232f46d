"""What the app says became of a push; nothing else makes a delivery `delivered`."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from hub.lib import metrics

# A push whose answer was lost ("queued") may have arrived all the same.
SHOWN = """
UPDATE notifications_delivery SET state = 'delivered', delivered_at = %(now)s
 WHERE notification_id = ANY (%(notifications)s) AND employee_id = %(employee)s
   AND device_id = %(device)s AND state IN ('sent', 'queued') AND purpose <> 'clear'
RETURNING extract(epoch FROM delivered_at - sent_at)
"""


def delivered(
    *,
    employee_id: uuid.UUID,
    device_id: uuid.UUID,
    notification_ids: Sequence[uuid.UUID],
    now: datetime,
) -> int:
    """Mark the pushes of these notifications to this device as drawn; how many were news."""
    with connection.cursor() as cursor:
        cursor.execute(
            SHOWN,
            {
                "now": now,
                "employee": employee_id,
                "device": device_id,
                "notifications": list(notification_ids),
            },
        )
        waits = [seconds for (seconds,) in cursor.fetchall()]
    for seconds in waits:
        if seconds is not None:
            metrics.shown_wait.observe(float(seconds))
    return len(waits)
