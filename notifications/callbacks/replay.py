"""An event is told again when somebody says so: one, or all of a sub-system that are dead."""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit, subsystems
from accounts.subsystems import Caller
from hub.lib import errors, ids
from notifications.callbacks import became, ledger, turns
from notifications.models import CallbackEvent, Decision

AT_A_TIME = 100


class NowhereToTell(errors.HubError):
    """The sub-system has no callback address, or it is switched off."""

    code, status, title = "no_endpoint", 409, "No endpoint to call back"


def replay(
    *,
    event_id: uuid.UUID,
    actor: audit.Actor,
    now: datetime,
    among: QuerySet[CallbackEvent] | None = None,
) -> None:
    """Tell an event again, under its own id, with all the tries of a new one.

    One that is being told already is left alone. The decision of a dead one is `recorded` again,
    so that who answered sees that it is under way; a final outcome stays. Raises NotFound, and
    NowhereToTell.
    """
    with transaction.atomic():
        # The notification is joined for reading only: its lock belongs to those who decide.
        rows = CallbackEvent.objects if among is None else among
        event = (
            rows.select_for_update(of=("self",))
            .select_related("notification", "subsystem")
            .filter(pk=event_id)
            .first()
        )
        if event is None:
            raise errors.NotFound("There is no such event.")
        if not event.subsystem.callback_url or event.subsystem.callback_off_at is not None:
            raise NowhereToTell("No callback address is registered, or it is switched off.")
        if event.state in turns.UNTOLD:
            return
        CallbackEvent.objects.filter(pk=event_id).update(
            state=CallbackEvent.State.PENDING, done_at=None
        )
        if event.state == CallbackEvent.State.DEAD:
            became.of(event, outcome=Decision.Outcome.RECORDED, message="", now=now)
        turns.add_errand(event, now=now)
        audit.record(
            now=now,
            actor=actor,
            action="callback_replayed",
            subject_kind="callback_event",
            subject_id=event.pk,
            data={
                "subsystem": str(event.subsystem_id),
                "notification": ids.text(event.notification_id),
            },
        )


def by_subsystem(*, caller: Caller, event_id: uuid.UUID, now: datetime) -> ledger.Entry:
    """`replay` by the sub-system itself, among its own events; the event as it is then."""
    replay(
        event_id=event_id,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        now=now,
        among=ledger.of(caller),
    )
    return ledger.one(caller=caller, event_id=event_id)


def replay_dead(
    *, subsystem_key: str, since: datetime | None, actor: audit.Actor, now: datetime
) -> int:
    """Tell all dead events of a sub-system again, the oldest first; how many.

    Raises NotFound for an unknown sub-system, and NowhereToTell.
    """
    dead = CallbackEvent.objects.filter(
        subsystem_id=subsystems.id_of(key=subsystem_key), state=CallbackEvent.State.DEAD
    )
    if since is not None:
        dead = dead.filter(created_at__gte=since)
    done, last = 0, uuid.UUID(int=0)
    while True:
        batch = list(
            dead.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]
        )
        for event_id in batch:
            replay(event_id=event_id, actor=actor, now=now)
        done += len(batch)
        if len(batch) < AT_A_TIME:
            return done
        last = batch[-1]
