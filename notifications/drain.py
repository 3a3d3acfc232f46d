"""Doing what is due: claim, hand to the step that knows it, until nothing is left."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError

from hub.lib import clock, logging
from notifications import clearing, errands, expiry, fanout, joiners, queues
from notifications.callbacks import switchboard
from notifications.escalation import run as escalation
from notifications.inbox import snoozing
from notifications.mailing import digest as mail_digest
from notifications.mailing import send as mail
from notifications.models import Errand
from notifications.push import activate, send
from notifications.push import digest as push_digest

log = logging.get(__name__)

_PUSH = str(Errand.Kind.PUSH.value)

Step = Callable[[Errand, datetime], None]

STEPS: dict[str, Step] = {
    Errand.Kind.FAN_OUT: fanout.run,
    Errand.Kind.CLOSE: clearing.run,
    Errand.Kind.EXPIRE: expiry.run,
    Errand.Kind.JOINERS: joiners.run,
    Errand.Kind.ESCALATE: escalation.run,
    Errand.Kind.UNSNOOZE: snoozing.run,
    Errand.Kind.MAIL: mail.run,
}
# What was gathered for people comes behind what they get singly.
DIGESTS: dict[str, Callable[..., int]] = {
    queues.PUSH: push_digest.run,
    queues.MAIL: mail_digest.run,
}
# One drain ends well before the task's time limit; what is left is rung for again.
SECONDS_AT_MOST = 15.0
# Around the last call: claiming, waiting for the bucket, writing down.
MARGIN_SECONDS = 3.0
# A claim takes many small errands or one large one. Callbacks have a way of their own.
ERRANDS_AT_MOST = 1000
WEIGHT = 2000
# What was read ahead and not begun since is given back: somebody may have withdrawn or paused it.
FRESH_SECONDS = 2.0
# An errand of a kind this code does not know waits so long for a newer worker to come free.
UNKNOWN_KIND_WAIT = timedelta(seconds=15)


@dataclass(slots=True)
class Batch:
    """Claimed errands; their pushes may have been read ahead, at a moment of `time.monotonic`."""

    errands: Sequence[Errand]
    prepared: send.Prepared | None = None
    read_at: float = 0.0

    @property
    def pushes(self) -> list[Errand]:
        """Those that are sent together."""
        return [errand for errand in self.errands if errand.kind == _PUSH]


def drain(*, queue: str) -> int:
    """Work off a queue; the number of errands tried. Rings again if time ran out first."""
    if queue == queues.CALLBACK:
        done, is_late = switchboard.drain(seconds=seconds_at_most())
        if is_late:
            queues.bell.ring(queue)
        return done
    ends_at, done = time.monotonic() + seconds_at_most(), 0
    if queue == queues.PUSH:
        activate.run(now=clock.now())
    ahead: list[Batch] = []  # one at most, read while the provider was waited for

    def meanwhile() -> None:
        if time.monotonic() > ends_at:
            return  # what is under way must be recorded before the task's own end
        if queue == queues.BULK:
            overtake()
        if not ahead:
            ahead.extend(read_ahead(queue))

    while time.monotonic() < ends_at:
        batch = following(queue, ahead)
        if batch is None:
            return done + gathered(queue, ends_at)
        work(batch, meanwhile=meanwhile)
        done += len(batch.errands)
    for batch in ahead:
        errands.give_back(batch.errands)
    queues.bell.ring(queue)
    return done


def gathered(queue: str, ends_at: float) -> int:
    """Tell the digests that are due, until then; how many were tried. Never raises for theirs."""
    step, done = DIGESTS.get(queue), 0
    while step is not None and time.monotonic() < ends_at:
        try:
            tried = step(now=clock.now())
        except (OperationalError, InterfaceError):
            raise  # the database is in trouble: the leases give them back
        except Exception:
            log.exception("digests_failed", queue=queue)
            return done
        if not tried:
            return done
        done += tried
    if step is not None:
        queues.bell.ring(queue)
    return done


def overtake() -> None:
    """Do what people wait for while a broadcast waits for the provider. Never raises."""
    try:
        urgent = claim(queues.PUSH)
        if urgent is not None:
            work(urgent)
    except Exception as error:  # noqa: BLE001  # the broadcast's results are still to be recorded
        log.warning("overtaking_failed", error=type(error).__name__)


def work(batch: Batch, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Do a batch: its pushes together, the others each by its step."""
    push(batch, meanwhile=meanwhile)
    for errand in batch.errands:
        if errand.kind != _PUSH:
            attempt(errand, STEPS.get(errand.kind, leave_to_newer))


def seconds_at_most() -> float:
    """Less where the tasks' time limit is short: the last call that a drain begins ends before it.

    A task that is killed in its call repeats the chunk.
    """
    call = max(settings.FCM_TOTAL_TIMEOUT, settings.CALLBACK_TOTAL_TIMEOUT).total_seconds()
    left = settings.CELERY_TASK_TIME_LIMIT - call - MARGIN_SECONDS
    return max(1.0, min(SECONDS_AT_MOST, left))


def following(queue: str, ahead: list[Batch]) -> Batch | None:
    """What to do next: a worker on a broadcast looks for what people wait for, before each batch.

    Otherwise an urgent request would wait for a worker to come free, where all of them push
    broadcasts. What was read ahead comes after that.
    """
    if queue == queues.BULK and (urgent := claim(queues.PUSH)):
        return urgent
    if ahead:
        batch = ahead.pop()
        if time.monotonic() - batch.read_at < FRESH_SECONDS:
            return batch
        errands.give_back(batch.errands)
    return claim(queue)


def claim(queue: str) -> Batch | None:
    """Claim the next batch of a queue; None if nothing is due."""
    claimed = errands.claim(queue=queue, limit=ERRANDS_AT_MOST, weight=WEIGHT, now=clock.now())
    if not claimed:
        return None
    log.info("errands_claimed", queue=queue, of=len(claimed))
    return Batch(claimed)


def read_ahead(queue: str) -> list[Batch]:
    """Claim the next batch and read what its pushes need. Never raises: others are under way."""
    batch = None
    try:
        batch = claim(queue)
        if batch is None:
            return []
        batch.read_at = time.monotonic()
        batch.prepared = send.prepare(batch.pushes, clock.now())
    except Exception as error:  # noqa: BLE001  # its own turn will tell, or its lease gives it back
        log.warning("read_ahead_failed", queue=queue, error=type(error).__name__)
        return [batch] if batch is not None else []
    return [batch]


def push(batch: Batch, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Push a batch together; if it fails as a whole, each by itself, so that one poisons none."""
    pushes = batch.pushes
    if not pushes:
        return
    try:
        prepared = batch.prepared or send.prepare(pushes, clock.now())
        send.run(prepared, now=clock.now(), meanwhile=meanwhile)
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble: the leases give the errands back
    except Exception:
        log.exception("push_batch_failed", of=len(pushes))
        for errand in pushes:
            attempt(errand, push_alone)


def push_alone(errand: Errand, now: datetime) -> None:
    """The step of a push whose batch failed."""
    send.run(send.prepare([errand], now), now=now)


def leave_to_newer(errand: Errand, now: datetime) -> None:
    """Give back an errand that newer code has written while this one still runs.

    It was not tried, so it is never buried for it. If nobody knows it, the log says so each time.
    """
    log.warning("errand_of_unknown_kind", errand=errand.id, kind=errand.kind)
    errands.postpone(errand, until=now + UNKNOWN_KIND_WAIT, error="unknown_kind", tried=False)


def attempt(errand: Errand, step: Step) -> None:
    """Try one errand. What it raises is logged, and it is tried again later, or buried."""
    log.info("errand_claimed", errand=errand.id, kind=errand.kind, attempts=errand.attempts)
    try:
        step(errand, clock.now())
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble: the lease gives the errand back
    except Exception as error:  # a poison errand must not stop the others
        log.exception("errand_failed", errand=errand.id, kind=errand.kind)
        errands.stumble(errand, error=error, now=clock.now())
