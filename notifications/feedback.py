"""What became of the latest pushes to each of a person's devices.

Read from the deliveries by their key, through the person's newest copies: no push writes anything
to its device's row, and no index of deliveries by device is kept.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# A person's copies of so many notifications are looked at.
COPIES = 50

LATEST = """
SELECT pushed.device_id, copies.notification_id, pushed.purpose, pushed.state, pushed.reason,
       pushed.attempts, pushed.at
  FROM (SELECT notification_id FROM notifications_recipient WHERE employee_id = %(employee)s
         ORDER BY arrived_at DESC, notification_id DESC LIMIT %(copies)s) copies
 CROSS JOIN LATERAL (
    SELECT device_id, purpose, state, reason, attempts,
           coalesce(delivered_at, sent_at, first_tried_at) AS at
      FROM notifications_delivery
     WHERE notification_id = copies.notification_id AND employee_id = %(employee)s
    OFFSET 0) pushed
 ORDER BY pushed.at DESC, copies.notification_id DESC, pushed.purpose, pushed.device_id
"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One push to one device: `at` is when it was delivered, or sent, or tried first."""

    device_id: uuid.UUID
    notification_id: uuid.UUID
    purpose: str
    state: str
    reason: str
    attempts: int
    at: datetime


def latest(*, employee_id: uuid.UUID) -> Sequence[Pushed]:
    """The pushes for a person's newest copies, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"employee": employee_id, "copies": COPIES})
        return [Pushed(*row) for row in cursor.fetchall()]


def last_by_device(*, employee_id: uuid.UUID) -> dict[uuid.UUID, Pushed]:
    """The last push to each of a person's devices; a device that had none is not there."""
    last: dict[uuid.UUID, Pushed] = {}
    for pushed in latest(employee_id=employee_id):
        last.setdefault(pushed.device_id, pushed)
    return last
