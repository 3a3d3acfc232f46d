"""Doing what is due: claim, hand to the step that knows it, until nothing is left."""

import time
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError

from hub.lib import clock, logging
from notifications import errands, expiry, fanout, queues
from notifications.callbacks import deliver
from notifications.models import Errand
from notifications.push import send

log = logging.get(__name__)

Step = Callable[[Errand, datetime], None]

STEPS: dict[str, Step] = {
    Errand.Kind.FAN_OUT: fanout.run,
    Errand.Kind.CLOSE: fanout.clear,
    Errand.Kind.PUSH: send.run,
    Errand.Kind.CALL_BACK: deliver.run,
    Errand.Kind.EXPIRE: expiry.run,
}
# One drain ends well before the task's time limit; what is left is rung for again.
SECONDS_AT_MOST = 15.0


def drain(*, queue: str) -> int:
    """Work off a queue; the number of errands tried. Rings again if time ran out first."""
    started, done = time.monotonic(), 0
    while time.monotonic() - started < SECONDS_AT_MOST:
        claimed = errands.claim(queue=queue, limit=1, now=clock.now())
        if not claimed:
            return done
        for errand in claimed:
            attempt(errand)
            done += 1
    queues.bell.ring(queue)
    return done


def attempt(errand: Errand) -> None:
    """Try one errand. What it raises is logged, and it is tried again later, or buried."""
    log.info("errand_claimed", errand=errand.id, kind=errand.kind, attempts=errand.attempts)
    try:
        STEPS[errand.kind](errand, clock.now())
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble: the lease gives the errand back
    except Exception as error:  # a poison errand must not stop the others
        log.exception("errand_failed", errand=errand.id, kind=errand.kind)
        now = clock.now()
        reason = type(error).__name__
        if errand.attempts >= errands.CLAIMS_AT_MOST:
            errands.bury(errand, error=reason, now=now)
        else:
            errands.postpone(errand, until=now + errands.back_off(errand.attempts), error=reason)
