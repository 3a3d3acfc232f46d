"""Settling: the matter was completed elsewhere, so nobody needs to answer any more."""

import uuid
from datetime import datetime

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import clock
from notifications import ending, reports
from notifications.models import Notification
from notifications.models.notification import Settlement


def by_subsystem(
    *, caller: Caller, notification_id: uuid.UUID, settlement: Settlement, now: datetime
) -> ending.Ended:
    """Settle what this caller sent and what is open; as `ending.end` does.

    People read the outcome, by whom and the note; a late answer is refused with them.
    """
    return ending.end(
        among=reports.sent(caller=caller),
        notification_id=notification_id,
        way=ending.Way(
            state=Notification.State.SETTLED,
            reason=settlement["note"] or None,
            settlement=settlement,
            facts={**settlement, "settled_at": clock.text(now)},
        ),
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        now=now,
    )
