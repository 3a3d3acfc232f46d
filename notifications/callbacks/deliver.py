"""Recording what came of a call: for the event, its decision, its endpoint, and what is next."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q

from accounts import subsystems
from accounts.models import Subsystem
from hub.lib import logging, metrics
from notifications import errands, outbound, queues
from notifications.callbacks import became, breaker, calling, claims, turns
from notifications.callbacks.calling import Call, Said
from notifications.callbacks.verdicts import Meaning
from notifications.models import Breaker, CallbackAttempt, CallbackEvent, Decision, Errand

log = logging.get(__name__)

# An event waits this long for an earlier one of the same notification.
ORDER_WAIT = timedelta(seconds=5)
# Whatever a Retry-After asks for: an event that was to be told this long ago is given up.
GIVEN_UP_AFTER = timedelta(days=7)

# What waits behind an open breaker without a try of its own is given up when the schedule would be.
GIVEN_UP_UNTRIED = timedelta(days=4)
OVERDUE_AT_A_TIME = 100

SETTLED = {Meaning.CONFIRMED, Meaning.REFUSED, Meaning.PENDING}


def prepare(claimed: Sequence[Errand], *, now: datetime) -> list[Call]:
    """The calls of claimed errands; those that are no call any more, or not yet, are let go."""
    events = CallbackEvent.objects.select_related("subsystem", "notification__category").in_bulk(
        [errand.event_id for errand in claimed if errand.event_id]
    )
    pending = [e for e in events.values() if e.state == CallbackEvent.State.PENDING]
    first = dict(
        CallbackEvent.objects.filter(
            notification_id__in={e.notification_id for e in pending if e.notification_id},
            state=CallbackEvent.State.PENDING,
        )
        .values_list("notification_id")
        .annotate(first=Min("sequence"))
    )
    secrets = subsystems.live_secrets_of({event.subsystem_id for event in pending})
    calls = []
    for errand in claimed:
        event = events.get(errand.event_id) if errand.event_id else None
        if event is None:
            errands.bury(errand, error="no such event", now=now)
        elif event.state != CallbackEvent.State.PENDING:
            errands.finish(errand)
        elif event.sequence > first.get(
            event.notification_id, event.sequence
        ):  # after a replay of an earlier one
            error = "an earlier event is not told yet"
            errands.postpone(errand, until=now + ORDER_WAIT, error=error, tried=False)
        else:
            calls.append(calling.ready(errand, event, secrets=secrets))
            continue
        claims.let_go([errand])
    return calls


def record(done: Sequence[tuple[Call, Said]], *, now: datetime) -> None:
    """Write tries down with what they mean for endpoints, events and errands.

    All of them in one transaction: one commit for many answers.
    """
    alive = set()
    for call, said in done:
        metrics.callbacks.labels(said.verdict.meaning.value).inc()
        subsystem_id = call.event.subsystem_id
        if said.verdict.meaning == Meaning.LATER:
            breaker.failed(
                subsystem_id=subsystem_id,
                began_at=said.began_at,
                retry_after=said.verdict.retry_after,
                now=now,
            )
        elif said.status is not None:
            alive.add(subsystem_id)
    breaker.answered(subsystem_ids=alive, now=now)
    with transaction.atomic():
        claims.let_go([call.errand for call, _ in done])
        CallbackAttempt.objects.bulk_create(
            CallbackAttempt(
                event=call.event,
                tried_at=said.began_at,
                duration_ms=said.duration_ms,
                status=said.status,
                failure=said.failure,
            )
            for call, said in done
        )
        _end([pair for pair in done if pair[1].verdict.meaning in SETTLED], now=now)
        for call, said in done:
            if said.verdict.meaning not in SETTLED:
                _go_on(call, said, now=now)
        outbound.note(_handed(done), now=now)


def _handed(done: Sequence[tuple[Call, Said]]) -> Counter[tuple[UUID, str, str]]:
    """How many calls of which event reached an endpoint."""
    return Counter(
        (
            call.event.notification_id,
            f"{outbound.CALLBACK}{call.event.subsystem.key}",
            call.event.type,
        )
        for call, said in done
        if said.status is not None and call.event.notification_id is not None
    )


def _end(told: Sequence[tuple[Call, Said]], *, now: datetime) -> None:
    """These events were taken: their decisions have an outcome, and others have their turn."""
    if not told:
        return
    for call, said in told:
        meaning = said.verdict.meaning
        outcome = Decision.Outcome.SENT if meaning == Meaning.PENDING else meaning.value
        became.of(call.event, outcome=outcome, message=said.verdict.message, now=now)
    events = [call.event for call, _ in told]
    for event in events:
        metrics.callback_wait.observe((now - event.created_at).total_seconds())
    CallbackEvent.objects.filter(
        id__in=[event.id for event in events], state=CallbackEvent.State.PENDING
    ).update(state=CallbackEvent.State.DONE, done_at=now)
    errands.finish_all([call.errand for call, _ in told])
    turns.call_next(events, now=now)


def _go_on(call: Call, said: Said, *, now: datetime) -> None:
    """This event was not taken: again later, or given up."""
    errand, event, meaning = call.errand, call.event, said.verdict.meaning
    if meaning == Meaning.OFF and said.status is not None:
        Subsystem.objects.filter(id=event.subsystem_id).update(callback_off_at=now)
        log.error("callback_endpoint_off", subsystem=event.subsystem.key)
    waits = settings.CALLBACK_WAITS_SECONDS
    over = now - errand.created_at >= GIVEN_UP_AFTER
    if meaning == Meaning.OFF or over or errand.attempts > len(waits):
        _give_up(errand, event=event, now=now)
        return
    wait = timedelta(seconds=waits[errand.attempts - 1] * random.uniform(1.0, 1.2))  # noqa: S311
    wait = max(wait, said.verdict.retry_after or timedelta(0))
    problem = said.failure or f"status {said.status}"
    if meaning == Meaning.FAILED:  # waiting will not mend it: the endpoint's owner must look
        log.error(
            "callback_not_understood",
            subsystem=event.subsystem.key,
            event_id=str(event.id),
            problem=problem,
        )
    else:
        log.warning("callback_not_told", event_id=str(event.id), problem=problem)
    errands.postpone(errand, until=now + wait, error=problem)


def give_up_overdue(*, now: datetime) -> int:
    """Give up what has waited too long behind open breakers, up to OVERDUE_AT_A_TIME; how many.

    The people who wait for an outcome read that it is undeliverable, as after ten tries.
    """
    shut = Breaker.objects.filter(opened_at__isnull=False).values_list("subsystem_id", flat=True)
    overdue = Errand.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        queue=queues.CALLBACK,
        lane__in=range(4),
        subsystem_id__in=list(shut),
        dead_at=None,
        created_at__lte=now - GIVEN_UP_UNTRIED,
    )
    with transaction.atomic():
        found = list(overdue.select_for_update(skip_locked=True)[:OVERDUE_AT_A_TIME])
        events = CallbackEvent.objects.select_related("subsystem", "notification").defer("body")
        known = events.in_bulk([errand.event_id for errand in found if errand.event_id])
        for errand in found:
            if errand.event_id in known:
                _give_up(errand, event=known[errand.event_id], now=now)
    return len(found)


def _give_up(errand: Errand, *, event: CallbackEvent, now: datetime) -> None:
    """The last try failed: the event is dead until somebody replays it; the person is told."""
    became.of(event, outcome=Decision.Outcome.UNDELIVERABLE, message="", now=now)
    CallbackEvent.objects.filter(id=event.id).update(state=CallbackEvent.State.DEAD)
    log.error("callback_dead", event_id=str(event.id), subsystem=event.subsystem.key)
    errands.finish(errand)
    turns.call_next([event], now=now)
