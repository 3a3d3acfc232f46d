"""Writing down what became of a batch of pushes, in one go with the errands' end."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts import devices
from accounts.privacy import notices
from hub.lib import logging, metrics
from notifications import digests, errands, mail_errands, outbound, queues, quiet
from notifications.models import Delivery, Errand
from notifications.push import replies, targets
from notifications.push.gateway import Fate, Outcome
from notifications.push.targets import Target

log = logging.get(__name__)

# One statement whatever the batch. A result that came first stays, unless it was "later".
RECORD = """
INSERT INTO notifications_delivery (notification_id, employee_id, device_id, purpose, version,
    state, reason, provider_name, attempts, first_tried_at, sent_at)
SELECT notification, employee, device, purpose, version, state, substr(reason, 2),
       substr(name, 2), 1,
       %(now)s, CASE WHEN state = 'sent' THEN %(now)s END
  FROM unnest(string_to_array(%(notifications)s, ' ')::uuid[],
              string_to_array(%(employees)s, ' ')::uuid[],
              string_to_array(%(devices)s, ' ')::uuid[], string_to_array(%(purposes)s, ' '),
              string_to_array(%(versions)s, ' ')::int[], string_to_array(%(states)s, ' '),
              string_to_array(%(reasons)s, ' '), string_to_array(%(names)s, ' '))
       AS result(notification, employee, device, purpose, version, state, reason, name)
ON CONFLICT (notification_id, employee_id, device_id, purpose, version) DO UPDATE
   SET state = excluded.state, reason = excluded.reason, provider_name = excluded.provider_name,
       attempts = notifications_delivery.attempts + 1, sent_at = excluded.sent_at
 WHERE notifications_delivery.state = 'queued'
"""

# Above this share of one batch, "not our sender" means our project is wrong, not the phones.
MISMATCHES_AT_MOST = 0.01
# The reason of a push that a test key caused: everything happens but the last wire.
TEST_MODE = "test_mode"
NOT_HANDED_OVER = quiet.SUPPRESSED | quiet.HELD | {TEST_MODE, "address_unreadable"}
FIRST_WAIT = timedelta(seconds=10)
_SHOW = str(Delivery.Purpose.SHOW.value)
_SENT = str(Delivery.State.SENT.value)  # to write an enumeration's member takes ten times as long
LANE_STOPPED_WAIT = timedelta(seconds=60)


@dataclass(slots=True)  # not frozen: see Target
class Result:
    """One device, and what the provider said."""

    target: Target
    outcome: Outcome


def record(
    batch: Sequence[Errand],
    *,
    versions: Mapping[uuid.UUID, int],
    results: Sequence[Result],
    held: Mapping[int, datetime],
    quiet_until: Mapping[int, datetime],
    windows: Mapping[str, quiet.Window],
    now: datetime,
) -> None:
    """Write every delivery with its result, forget dead addresses, end or postpone the errands.

    `held` are the errands that have more to push, in projects whose turn it is not before then;
    of `quiet_until`, somebody is to be left in peace until then. Who wants notices together has
    one of the `windows`.
    """
    stopped = projects_stopped(results)
    with transaction.atomic():
        results = _with_addresses_forgotten(results, now=now)
        states = [
            state_of(result.outcome, stopped=result.target.project in stopped) for result in results
        ]
        again: dict[int, list[Result]] = defaultdict(list)
        for result, state in zip(results, states, strict=True):
            if state == Delivery.State.QUEUED and result.outcome.reason not in quiet.HELD:
                again[result.target.errand_id].append(result)
        if results:
            _write(batch, versions=versions, results=results, states=states, now=now)
        _gather(batch, versions=versions, results=results, windows=windows, now=now)
        for errand in batch:
            if errand.id in again:
                until = now + wait(errand, again[errand.id], stopped=stopped)
                until = max(until, held.get(errand.id, until))
                until = min(until, quiet_until.get(errand.id, until))
                error = again[errand.id][0].outcome.reason
                errands.postpone(errand, until=until, error=error)
            elif errand.id in held:
                until = min(held[errand.id], quiet_until.get(errand.id, held[errand.id]))
                errands.postpone(errand, until=until, error="rate", tried=False)
            elif errand.id in quiet_until:
                errands.postpone(
                    errand, until=quiet_until[errand.id], error=Errand.QUIET, tried=False
                )
        waiting = again.keys() | held.keys() | quiet_until.keys()
        done = [errand for errand in batch if errand.id not in waiting]
        reached = {result.target.errand_id for result in results}
        mail_errands.follow(done, reached=reached, now=now)
        errands.finish_all(done)
        outbound.note(_handed(batch, results), now=now)
    _count(batch, states=states, unfinished=waiting, now=now)
    log.info(
        "push_recorded",
        errands=[errand.id for errand in batch][:20],
        sent=states.count(Delivery.State.SENT),
        failed=states.count(Delivery.State.FAILED),
        again=sum(map(len, again.values())),
    )


def _gather(
    batch: Sequence[Errand],
    *,
    versions: Mapping[uuid.UUID, int],
    results: Sequence[Result],
    windows: Mapping[str, quiet.Window],
    now: datetime,
) -> None:
    """Keep for their digests what was not pushed for the sake of those."""
    if not windows:
        return
    about = {errand.id: errand.about for errand in batch}
    items = {
        (
            str(about[one.target.errand_id]),
            one.target.employee,
            versions[about[one.target.errand_id]],
        )
        for one in results
        if one.outcome.reason == quiet.DIGEST
    }
    digests.note([*items], windows=windows, now=now)


def _count(
    batch: Sequence[Errand], *, states: Sequence[str], unfinished: Collection[int], now: datetime
) -> None:
    for state, count in Counter(states).items():
        metrics.pushes.labels(state).inc(count)
    for errand in batch:
        if errand.id not in unfinished and errand.purpose == _SHOW:
            # A postponed errand's due_at has moved: it is what has been waited for since.
            waited = now - max(errand.created_at, min(errand.due_at, now))
            metrics.push_wait.labels(queues.LANES[errand.lane]).observe(waited.total_seconds())


def _with_addresses_forgotten(results: Sequence[Result], *, now: datetime) -> Sequence[Result]:
    """Forget dead addresses; a device that has registered a new one meanwhile is tried again."""
    dead = [
        devices.Dead(
            device_id=result.target.device_id,
            registered_before=result.target.registered_at or now,
            reason=result.outcome.reason,
        )
        for result in results
        if result.outcome.fate == Fate.GONE
    ]
    renewed = devices.forget_push_addresses(dead, now=now)
    if not renewed:
        return results
    return [
        Result(result.target, replies.later("address_renewed"))
        if result.outcome.fate == Fate.GONE and result.target.device_id in renewed
        else result
        for result in results
    ]


def _handed(
    batch: Sequence[Errand], results: Sequence[Result]
) -> Counter[tuple[uuid.UUID, str, str]]:
    """How many pushes of which notification were handed to the provider, taken or not."""
    counts = Counter(
        result.target.errand_id
        for result in results
        if result.outcome.reason not in NOT_HANDED_OVER
    )
    handed: Counter[tuple[uuid.UUID, str, str]] = Counter()
    for errand in batch:
        if errand.id in counts and errand.notification_id is not None:
            handed[errand.notification_id, notices.FIREBASE, errand.purpose] += counts[errand.id]
    return handed


def projects_stopped(results: Sequence[Result]) -> set[str]:
    """The projects with which nothing can be sent until somebody mends them."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for result in results:
        outcomes[result.target.project].append(result.outcome)
    return {project for project, said in outcomes.items() if lane_stopped(said)}


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
    if outcome.reason == TEST_MODE or outcome.reason in quiet.SUPPRESSED:
        return Delivery.State.SUPPRESSED
    if outcome.reason in quiet.HELD:
        return Delivery.State.QUEUED
    if outcome.fate is Fate.SENT:
        return _SENT
    ours = outcome.stop_lane or outcome.reason == "sender_id_mismatch"
    if outcome.fate == Fate.LATER or (stopped and ours):
        return Delivery.State.QUEUED
    return Delivery.State.FAILED


def wait(errand: Errand, again: Sequence[Result], *, stopped: Collection[str]) -> timedelta:
    """How long until the next try: what the provider asked for, at least our own back-off."""
    asked = max(result.outcome.retry_after or timedelta(0) for result in again)
    lane_is_stopped = any(result.target.project in stopped for result in again)
    own = LANE_STOPPED_WAIT if lane_is_stopped else errands.back_off(errand.attempts)
    return max(asked, own, FIRST_WAIT)


def _write(
    batch: Sequence[Errand],
    *,
    versions: Mapping[uuid.UUID, int],
    results: Sequence[Result],
    states: Sequence[str],
    now: datetime,
) -> None:
    # Said once an errand: a range has thousands of results.
    said = {
        errand.id: (
            str(errand.about), errand.purpose, str(versions[errand.about])
        )
        for errand in batch
        if errand.about in versions
    }  # fmt: skip
    owners = [said[result.target.errand_id] for result in results]
    parameters = targets.words(
        notifications=[owner[0] for owner in owners],
        employees=[result.target.employee for result in results],
        devices=[result.target.device for result in results],
        purposes=[owner[1] for owner in owners],
        versions=[owner[2] for owner in owners],
        states=states,
        # What may be empty comes behind a sign, because no text at all is no array element.
        reasons=[f"={result.outcome.reason}" for result in results],
        names=[f"={_name(result.outcome)}" for result in results],
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"now": now, **parameters})


def _name(outcome: Outcome) -> str:
    """The provider's name of the message, as far as it is one word that fits."""
    return outcome.name[:200] if outcome.name.isprintable() and " " not in outcome.name else ""
