"""Writing down what became of a batch of pushes, in one go with the errand's end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts import devices
from accounts.models import Device
from hub.lib import logging
from notifications import closing, errands
from notifications.models import Delivery, Errand, Notification
from notifications.push.gateway import Fate, Outcome

log = logging.get(__name__)

# One statement whatever the batch. A result that came first stays, unless it was "later".
RECORD = """
INSERT INTO notifications_delivery (notification_id, device_id, purpose, version, employee_id,
    state, reason, provider_name, attempts, first_tried_at, sent_at)
SELECT %(notification)s, device, %(purpose)s, %(version)s, employee, state, reason, name, 1,
       %(now)s, CASE WHEN state = 'sent' THEN %(now)s END
  FROM unnest(%(devices)s::uuid[], %(employees)s::uuid[], %(states)s::text[], %(reasons)s::text[],
              %(names)s::text[]) AS result(device, employee, state, reason, name)
ON CONFLICT (notification_id, device_id, purpose, version) DO UPDATE
   SET state = excluded.state, reason = excluded.reason, provider_name = excluded.provider_name,
       attempts = notifications_delivery.attempts + 1, sent_at = excluded.sent_at
 WHERE notifications_delivery.state = 'queued'
"""

# Above this share of one batch, "not our sender" means our project is wrong, not the phones.
MISMATCHES_AT_MOST = 0.01
# The reason of a push that a test key caused: everything happens but the last wire.
TEST_MODE = "test_mode"
FIRST_WAIT = timedelta(seconds=10)
LANE_STOPPED_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Result:
    """One device, and what the provider said."""

    device: Device
    outcome: Outcome


def record(
    errand: Errand, *, notification: Notification, results: Sequence[Result], now: datetime
) -> None:
    """Write every delivery with its result, forget dead addresses, end or postpone the errand."""
    stopped = lane_stopped([result.outcome for result in results])
    states = [state_of(result.outcome, stopped=stopped) for result in results]
    again = [r for r, state in zip(results, states, strict=True) if state == Delivery.State.QUEUED]
    with transaction.atomic():
        if results:
            _write(errand, notification=notification, results=results, states=states, now=now)
        for result in results:
            if result.outcome.fate == Fate.GONE:
                devices.forget_push_address(
                    device_id=result.device.id,
                    registered_before=result.device.push_registered_at or now,
                    reason=result.outcome.reason,
                    now=now,
                )
        if again:
            until = now + wait(errand, again, stopped=stopped)
            errands.postpone(errand, until=until, error=again[0].outcome.reason)
        else:
            errands.finish(errand)
        closing.clear_if_closed(errand, notification=notification, now=now)
    log.info(
        "push_recorded", errand=errand.id, sent=states.count(Delivery.State.SENT),
        failed=states.count(Delivery.State.FAILED), again=len(again),
    )  # fmt: skip


def lane_stopped(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing can be sent until somebody mends our credentials or project; alarms if so."""
    mismatches = sum(o.reason == "sender_id_mismatch" for o in outcomes)
    too_many = mismatches > max(1, MISMATCHES_AT_MOST * len(outcomes))
    if not too_many and not any(outcome.stop_lane for outcome in outcomes):
        return False
    reasons = sorted({o.reason for o in outcomes if o.fate == Fate.OURS})
    log.error("push_lane_stopped", reasons=reasons)
    return True


def state_of(outcome: Outcome, *, stopped: bool) -> str:
    """The delivery's state; what is our fault and stops the lane is tried again."""
    if outcome.reason == TEST_MODE:
        return Delivery.State.SUPPRESSED
    if outcome.fate == Fate.SENT:
        return Delivery.State.SENT
    ours = outcome.stop_lane or outcome.reason == "sender_id_mismatch"
    if outcome.fate == Fate.LATER or (stopped and ours):
        return Delivery.State.QUEUED
    return Delivery.State.FAILED


def wait(errand: Errand, again: Sequence[Result], *, stopped: bool) -> timedelta:
    """How long until the next try: what the provider asked for, at least our own back-off."""
    asked = max((r.outcome.retry_after or timedelta(0) for r in again), default=timedelta(0))
    own = LANE_STOPPED_WAIT if stopped else errands.back_off(errand.attempts)
    return max(asked, own, FIRST_WAIT)


def _write(
    errand: Errand,
    *,
    notification: Notification,
    results: Sequence[Result],
    states: Sequence[str],
    now: datetime,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "notification": notification.id,
                "purpose": errand.purpose,
                "version": notification.version,
                "now": now,
                "devices": [result.device.id for result in results],
                "employees": [result.device.employee_id for result in results],
                "states": [str(state) for state in states],
                "reasons": [result.outcome.reason for result in results],
                "names": [result.outcome.name for result in results],
            },
        )
