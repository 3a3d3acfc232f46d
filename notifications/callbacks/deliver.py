"""Claim, commit, POST, record: one try to tell a sub-system an event."""

import json
import random
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import callback_endpoints, subsystems
from accounts.models import Subsystem
from hub.lib import clock, http, logging, signing
from notifications import closing, errands
from notifications.callbacks import verdicts
from notifications.callbacks.verdicts import Meaning, Verdict
from notifications.models import CallbackAttempt, CallbackEvent, Decision, Errand, Notification

log = logging.get(__name__)

# An event waits this long for an earlier one of the same notification.
ORDER_WAIT = timedelta(seconds=5)


def run(errand: Errand, now: datetime) -> None:
    """Try to tell the event once; nothing is locked while the endpoint is called."""
    events = CallbackEvent.objects.select_related("subsystem", "notification__category")
    event = events.filter(id=errand.event_id).first() if errand.event_id else None
    if event is None:
        errands.bury(errand, error="no such event", now=now)
        return
    if event.state != CallbackEvent.State.PENDING:
        errands.finish(errand)
        return
    earlier = CallbackEvent.objects.filter(
        notification_id=event.notification_id,
        sequence__lt=event.sequence,
        state=CallbackEvent.State.PENDING,
    )
    if earlier.exists():
        error = "an earlier event is not told yet"
        errands.postpone(errand, until=now + ORDER_WAIT, error=error, tried=False)
        return
    log.info("callback_calling", errand=errand.id, event_id=str(event.id))
    started = time.monotonic()
    status, failure, verdict = call(event, now=now)
    record(
        errand,
        event=event,
        verdict=verdict,
        attempt=CallbackAttempt(
            event=event,
            tried_at=now,
            duration_ms=int((time.monotonic() - started) * 1000),
            status=status,
            failure=failure,
        ),
        now=clock.now(),
    )


def call(event: CallbackEvent, *, now: datetime) -> tuple[int | None, str, Verdict]:
    """POST the event: the HTTP status (None where none came), why not, and what it means."""
    if event.subsystem.callback_off_at is not None:
        return None, "endpoint_off", Verdict(Meaning.OFF)
    body = json.dumps(event.body, separators=(",", ":"), ensure_ascii=False).encode()
    secrets = subsystems.live_callback_secrets(subsystem_id=event.subsystem_id)
    if not secrets:
        return None, "no_secret", Verdict(Meaning.FAILED)
    try:
        reply = http.post(
            url=event.subsystem.callback_url,
            body=body,
            headers={
                "Content-Type": "application/json",
                **signing.sign(secrets=secrets, event_id=str(event.id), timestamp=now, body=body),
            },
            guard=callback_endpoints.guard_of(
                endpoint=callback_endpoints.of(subsystem=event.subsystem)
            ),
            total_timeout=settings.CALLBACK_TOTAL_TIMEOUT,
            ca_file=settings.CALLBACK_CA_FILE or None,
        )
    except http.OutboundFailure as failure:
        return failure.status, failure.reason, Verdict(Meaning.LATER)
    strict = event.notification.category.strict_acknowledgement
    verdict = verdicts.of(
        status=reply.status,
        body=reply.body,
        headers=reply.headers,
        strict_id=str(event.id) if strict else None,
    )
    return reply.status, "", verdict


@transaction.atomic
def record(
    errand: Errand,
    *,
    event: CallbackEvent,
    verdict: Verdict,
    attempt: CallbackAttempt,
    now: datetime,
) -> None:
    """Write the try down with what it means for the event, the decision and the errand."""
    attempt.save()
    meaning = verdict.meaning
    if meaning in {Meaning.CONFIRMED, Meaning.REFUSED, Meaning.PENDING}:
        CallbackEvent.objects.filter(id=event.id, state=CallbackEvent.State.PENDING).update(
            state=CallbackEvent.State.DONE, done_at=now
        )
        if event.type == "decision.made":
            outcome = Decision.Outcome.SENT if meaning == Meaning.PENDING else meaning.value
            settle_outcome(event.notification, outcome=outcome, message=verdict.message, now=now)
        errands.finish(errand)
        return
    if meaning == Meaning.OFF and attempt.status is not None:
        Subsystem.objects.filter(id=event.subsystem_id).update(callback_off_at=now)
        log.error("callback_endpoint_off", subsystem=event.subsystem.key)
    waits = settings.CALLBACK_WAITS_SECONDS
    if meaning == Meaning.OFF or errand.attempts > len(waits):
        _give_up(errand, event=event, now=now)
        return
    wait = timedelta(seconds=waits[errand.attempts - 1] * random.uniform(1.0, 1.2))  # noqa: S311
    wait = max(wait, verdict.retry_after or timedelta(0))
    problem = attempt.failure or f"status {attempt.status}"
    log.warning("callback_not_told", event_id=str(event.id), problem=problem)
    errands.postpone(errand, until=now + wait, error=problem)


def _give_up(errand: Errand, *, event: CallbackEvent, now: datetime) -> None:
    """The last try failed: the event is dead until somebody replays it; the person is told."""
    CallbackEvent.objects.filter(id=event.id).update(state=CallbackEvent.State.DEAD)
    if event.type == "decision.made":
        settle_outcome(
            event.notification, outcome=Decision.Outcome.UNDELIVERABLE, message="", now=now
        )
    log.error("callback_dead", event_id=str(event.id), subsystem=event.subsystem.key)
    errands.finish(errand)


def settle_outcome(
    notification: Notification, *, outcome: str, message: str, now: datetime
) -> bool:
    """Set what became of a decision, unless its final word is known; False if it was.

    Everybody who received the request sees it in their change feed.
    """
    updated = (
        Decision.objects.filter(notification=notification)
        .exclude(outcome__in=Decision.FINAL)
        .update(outcome=outcome, outcome_message=message, outcome_at=now)
    )
    if updated:
        closing.announce(notification, now=now)
    return bool(updated)
