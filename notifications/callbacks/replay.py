"""A dead event is told again when a person says so."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import audit
from hub.lib import errors
from notifications.callbacks import outcomes, turns
from notifications.models import CallbackEvent, Decision


def replay(*, event_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Tell a dead event again, under its own id, with all the tries of a new one.

    Its decision, if it has one, is `recorded` again: the person who answered sees that it is
    under way. Raises NotFound, and Invalid for an event that is not dead or has nowhere to go.
    """
    with transaction.atomic():
        # The notification is joined for reading only: its lock belongs to those who decide.
        event = (
            CallbackEvent.objects.select_for_update(of=("self",))
            .select_related("notification", "subsystem")
            .filter(pk=event_id)
            .first()
        )
        if event is None:
            raise errors.NotFound("There is no such event.")
        if event.state != CallbackEvent.State.DEAD:
            raise errors.Invalid("Only a dead event can be told again.")
        if not event.subsystem.callback_url:
            raise errors.Invalid("The sub-system has no callback address: set one first.")
        CallbackEvent.objects.filter(pk=event_id).update(state=CallbackEvent.State.PENDING)
        if event.type == "decision.made":
            outcomes.settle(
                event.notification, outcome=Decision.Outcome.RECORDED, message="", now=now
            )
        turns.add_errand(event.notification, event=event, now=now)
        audit.record(
            now=now,
            actor=actor,
            action="callback_replayed",
            subject_kind="callback_event",
            subject_id=event.pk,
            data={"subsystem": str(event.subsystem_id), "notification": str(event.notification_id)},
        )
