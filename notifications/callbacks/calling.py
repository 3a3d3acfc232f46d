"""One call to an endpoint: made ready with the database, made without it, on any thread."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.conf import settings

from accounts import callback_endpoints
from accounts.models import Subsystem
from hub.lib import clock, errors, http, signing
from notifications.callbacks import verdicts
from notifications.callbacks.verdicts import Meaning, Verdict
from notifications.models import CallbackEvent, Errand

# One a process: connections to endpoints are kept between calls.
client = http.Client()


@dataclass(frozen=True, slots=True)
class Call:
    """An event on its way; `body` and `secrets` are read on the calling thread only."""

    errand: Errand
    event: CallbackEvent
    url: str
    guard: http.Guard | None
    secrets: Sequence[str] = field(repr=False)
    body: bytes = field(repr=False)
    strict: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a call: the HTTP status (None where none came), why not, what it means."""

    status: int | None
    failure: str
    verdict: Verdict
    began_at: datetime
    duration_ms: int


def encoded(body: Mapping[str, object]) -> bytes:
    """An event as it travels: the bytes that are signed."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def ready(
    errand: Errand, event: CallbackEvent, *, secrets: Mapping[uuid.UUID, Sequence[str]]
) -> Call:
    """All that the call needs; the event comes with its sub-system, notification and category."""
    return Call(
        errand=errand,
        event=event,
        url=event.subsystem.callback_url,
        guard=_guard(event.subsystem),
        secrets=secrets.get(event.subsystem_id, ()),
        body=encoded(cast("dict[str, object]", event.body)),
        strict=event.notification is not None
        and event.notification.category.strict_acknowledgement,
    )


def _guard(subsystem: Subsystem) -> http.Guard | None:
    try:
        return callback_endpoints.guard_of(endpoint=callback_endpoints.of(subsystem=subsystem))
    except errors.Invalid:  # rows that no door of ours wrote
        return None


def refused(call: Call) -> Said | None:
    """Why this call is not even made; None if nothing stands against it."""

    def because(failure: str, meaning: Meaning) -> Said:
        return Said(None, failure, Verdict(meaning), clock.now(), 0)

    if call.event.subsystem.callback_off_at is not None or not call.url:
        return because("endpoint_off", Meaning.OFF)
    if not call.secrets:
        return because("no_secret", Meaning.FAILED)
    if call.guard is None:
        return because("bad_endpoint", Meaning.FAILED)
    return None


def make(call: Call) -> Said:
    """POST the event. Touches no database, never raises for what the endpoint does."""
    assert call.guard is not None
    now, started = clock.now(), time.monotonic()
    event_id = str(call.event.id)
    status, failure = None, ""
    try:
        reply = client.post(
            url=call.url,
            body=call.body,
            headers={
                "Content-Type": "application/json",
                **signing.sign(
                    secrets=call.secrets, event_id=event_id, timestamp=now, body=call.body
                ),
            },
            guard=call.guard,
            total_timeout=settings.CALLBACK_TOTAL_TIMEOUT,
            ca_file=settings.CALLBACK_CA_FILE or None,
        )
        status = reply.status
        verdict = verdicts.of(
            status=reply.status,
            body=reply.body,
            headers=reply.headers,
            strict_id=event_id if call.strict else None,
        )
    except http.OutboundFailure as problem:
        status, failure, verdict = problem.status, problem.reason, Verdict(Meaning.LATER)
    return Said(status, failure, verdict, now, int((time.monotonic() - started) * 1000))
