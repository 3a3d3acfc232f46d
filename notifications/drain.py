"""Doing what is due: claim, hand to the step that knows it, until nothing is left."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import InterfaceError, OperationalError

from hub.lib import clock, logging
from notifications import clearing, errands, expiry, fanout, joiners, queues
from notifications.callbacks import switchboard
from notifications.models import Errand
from notifications.push import send

log = logging.get(__name__)

Step = Callable[[Errand, datetime], None]

STEPS: dict[str, Step] = {
    Errand.Kind.FAN_OUT: fanout.run,
    Errand.Kind.CLOSE: clearing.run,
    Errand.Kind.EXPIRE: expiry.run,
    Errand.Kind.JOINERS: joiners.run,
}
# One drain ends well before the task's time limit; what is left is rung for again.
SECONDS_AT_MOST = 15.0
# A claim takes many small errands or one large one. Callbacks have a way of their own.
ERRANDS_AT_MOST = 500
WEIGHT = 2000


def drain(*, queue: str) -> int:
    """Work off a queue; the number of errands tried. Rings again if time ran out first."""
    if queue == queues.CALLBACK:
        done, is_late = switchboard.drain(seconds=SECONDS_AT_MOST)
        if is_late:
            queues.bell.ring(queue)
        return done
    started, done = time.monotonic(), 0
    while time.monotonic() - started < SECONDS_AT_MOST:
        claimed = claim(queue, limit=ERRANDS_AT_MOST)
        if not claimed:
            return done
        log.info("errands_claimed", queue=queue, of=len(claimed))
        push([errand for errand in claimed if errand.kind == Errand.Kind.PUSH])
        for errand in claimed:
            if errand.kind != Errand.Kind.PUSH:
                attempt(errand, STEPS[errand.kind])
        done += len(claimed)
    queues.bell.ring(queue)
    return done


def claim(queue: str, *, limit: int) -> Sequence[Errand]:
    """What to do next: a worker on a broadcast looks for what people wait for, before each batch.

    Otherwise an urgent request would wait for a worker to come free, where all of them push
    broadcasts.
    """
    first = (queues.PUSH, queue) if queue == queues.BULK else (queue,)
    for name in first:
        claimed = errands.claim(queue=name, limit=limit, weight=WEIGHT, now=clock.now())
        if claimed:
            return claimed
    return ()


def push(batch: Sequence[Errand]) -> None:
    """Push a batch together; if it fails as a whole, each by itself, so that one poisons none."""
    if not batch:
        return
    try:
        send.run(batch, clock.now())
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble: the leases give the errands back
    except Exception:
        log.exception("push_batch_failed", of=len(batch))
        for errand in batch:
            attempt(errand, lambda one, now: send.run([one], now))


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
