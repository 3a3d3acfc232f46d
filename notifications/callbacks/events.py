"""What the sub-system is told: written with what happened, in the same transaction."""

import uuid
from datetime import datetime
from typing import Any

from accounts.models import Subsystem
from hub.lib import clock, ids
from notifications.callbacks import turns
from notifications.models import CallbackEvent, Notification


def emit(
    notification: Notification, *, type_: str, facts: dict[str, Any], now: datetime
) -> CallbackEvent:
    """Write an event for the sub-system of a locked notification, with the errand that tells it
    (where an earlier one is not told yet, the errand comes with its turn).

    Its id is the webhook-id of every try; its sequence orders the events of one notification.
    A sub-system without an endpoint pulls: the event is kept and nothing is sent.
    """
    event_id = ids.uuid7()
    sequence = notification.next_sequence
    notification.next_sequence += 1
    notification.save(update_fields=["next_sequence"])
    state = turns.state_of_next(notification)
    event = CallbackEvent.objects.create(
        id=event_id,
        subsystem_id=notification.subsystem_id,
        notification=notification,
        type=type_,
        sequence=sequence,
        body=body(event_id, notification, type_=type_, sequence=sequence, facts=facts, now=now),
        state=state,
        created_at=now,
    )
    if state == CallbackEvent.State.PENDING:
        turns.add_errand(event, now=now)
    return event


def emit_submission(
    *, subsystem: Subsystem, reference: str, facts: dict[str, Any], now: datetime
) -> CallbackEvent:
    """Write an event for what was handed in by a form, with the errand that tells it, as `emit`."""
    event_id = ids.uuid7()
    data = {"notification_id": None, "reference": reference, "mode": "live", "sequence": 1, **facts}
    state = CallbackEvent.State.PENDING if subsystem.callback_url else CallbackEvent.State.KEPT
    event = CallbackEvent.objects.create(
        id=event_id,
        subsystem=subsystem,
        submission=reference,
        type="form.submitted",
        sequence=1,
        body={
            "id": str(event_id),
            "type": "form.submitted",
            "timestamp": clock.text(now),
            "data": data,
        },
        state=state,
        created_at=now,
    )
    if state == CallbackEvent.State.PENDING:
        turns.add_errand(event, now=now)
    return event


def body(
    event_id: uuid.UUID,
    notification: Notification,
    *,
    type_: str,
    sequence: int,
    facts: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """The JSON of an event; Standard Webhooks puts the particulars under `data`."""
    return {
        "id": str(event_id),
        "type": type_,
        "timestamp": clock.text(now),
        "data": {
            "notification_id": str(notification.id),
            "reference": notification.reference,
            "mode": notification.mode,
            "state": notification.state,
            "sequence": sequence,
            "metadata": notification.metadata,
            **facts,
        },
    }
