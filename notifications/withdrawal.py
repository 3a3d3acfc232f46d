"""Taking a notification back: one synchronous, truthful answer, whatever is going on."""

import uuid
from datetime import datetime

from django.db.models import QuerySet

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import clock
from notifications import ending, reports
from notifications.models import Notification


def withdraw(
    *,
    among: QuerySet[Notification],
    notification_id: uuid.UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> ending.Ended:
    """Take one of these notifications back, at any moment of its life; as `ending.end` does."""
    return ending.end(
        among=among,
        notification_id=notification_id,
        way=ending.Way(
            state=Notification.State.WITHDRAWN,
            reason=reason,
            facts={"reason": reason, "withdrawn_at": clock.text(now)},
        ),
        actor=actor,
        now=now,
    )


def by_subsystem(
    *, caller: Caller, notification_id: uuid.UUID, reason: str, now: datetime
) -> ending.Ended:
    """`withdraw` by the sender: among what this caller sent with keys of this mode."""
    return withdraw(
        among=reports.sent(caller=caller),
        notification_id=notification_id,
        reason=reason,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        now=now,
    )
