"""A reminder rings for those who were marked for its round, and are still waited for as it leaves.

Between the first and the last person of its range lie others, who have answered or are off duty;
and since it was written, somebody may have answered. Who stands in for one of them is reminded too.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from notifications.models import Errand

PREFIX = "remind"

# The scope of a delegation is looked at where the devices are found (targets.REACHABLE).
STILL_WAITING = """
WITH waiting AS MATERIALIZED (
SELECT wanted.errand, recipient.employee_id
  FROM unnest(%(errands)s::bigint[], %(notifications)s::uuid[], %(firsts)s::uuid[],
              %(lasts)s::uuid[], %(purposes)s::text[])
       AS wanted(errand, notification, first, last, purpose)
  JOIN notifications_notification notification ON notification.id = wanted.notification
 CROSS JOIN LATERAL (
    SELECT employee_id, prompted, acknowledged_version FROM notifications_recipient
     WHERE notification_id = wanted.notification
       AND employee_id BETWEEN wanted.first AND wanted.last OFFSET 0) recipient
 WHERE 'remind' || recipient.prompted %% 100 = wanted.purpose
   AND CASE WHEN recipient.acknowledged_version IS NOT NULL
            THEN recipient.acknowledged_version < notification.version
            ELSE EXISTS (
                SELECT 1 FROM notifications_seat seat
                 WHERE seat.notification_id = wanted.notification
                   AND seat.step = notification.step AND seat.holder_id = recipient.employee_id
                   AND NOT EXISTS (
                    SELECT 1 FROM notifications_response
                     WHERE seat_id = seat.id AND version = notification.version)) END)
SELECT errand, employee_id::text FROM waiting
 UNION
SELECT waiting.errand, delegation.delegate_id::text
  FROM waiting JOIN notifications_delegation delegation ON principal_id = waiting.employee_id
   AND ended_at IS NULL AND starts_at <= %(now)s AND ends_at > %(now)s
"""


def is_reminder(errand: Errand) -> bool:
    """Whether a push is one of a round of reminders."""
    return errand.purpose.startswith(PREFIX)


def still_waiting(errands: Sequence[Errand], *, now: datetime) -> set[tuple[int, str]]:
    """For whom each of these reminders still is: (errand, employee's id)."""
    if not errands:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            STILL_WAITING,
            {
                "errands": [errand.id for errand in errands],
                "notifications": [errand.notification_id for errand in errands],
                "firsts": [errand.employee_from for errand in errands],
                "lasts": [errand.employee_to for errand in errands],
                "purposes": [errand.purpose for errand in errands],
                "now": now,
            },
        )
        return set(cursor.fetchall())
