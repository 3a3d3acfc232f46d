"""Writing the errand that takes the steps of a notification which waits for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifications import errands, queues
from notifications.escalation import plan, prompts
from notifications.models import Errand, Notification


def first(
    escalation: Sequence[Mapping[str, Any]],
    *,
    kind: str,
    asked_at: datetime,
    due_at: datetime | None,
) -> datetime | None:
    """When the first step of a new notification is due; None where there is none."""
    if kind == Notification.Kind.NOTICE:
        return None
    planned = plan.plan(escalation, asked_at=asked_at, due_at=due_at)
    return planned[0].at if planned else None


def anew(notification: Notification, *, now: datetime) -> None:
    """Take the steps of a locked notification by what it says now, in the caller's transaction.

    For when others are asked (a next step has opened) or a time has changed. A worker that has the
    errand at this moment waits for the lock, and then finds the new state too.
    """
    if notification.kind == Notification.Kind.NOTICE:
        return
    lane = errands.lane_of(notification)
    waiting = Errand.objects.filter(  # by the index that claiming uses
        queue=queues.queue_of(Errand.Kind.ESCALATE, lane),
        lane=lane,
        subsystem_id=notification.subsystem_id,
        dead_at=None,
        notification=notification,
        kind=Errand.Kind.ESCALATE,
    )
    planned = prompts.next_of(notification)
    if planned is None:
        return  # whatever errand is there ends by itself
    due_at = max(planned.at, now)
    if not waiting.filter(lease_token=None).update(due_at=due_at):
        errands.add(kind=Errand.Kind.ESCALATE, notification=notification, due_at=due_at, now=now)
