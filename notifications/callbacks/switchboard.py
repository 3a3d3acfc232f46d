"""Working off the callbacks that are due, many calls at once.

The worker's own thread claims and records; threads beside it do nothing but wait for endpoints.
Places that come free are filled at once, so that one slow answer holds up nobody else's.
"""

import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import InterfaceError, OperationalError

from hub.lib import clock, logging
from notifications import errands
from notifications.callbacks import calling, claims, deliver
from notifications.callbacks.calling import Call, Said
from notifications.models import Errand

log = logging.get(__name__)

# While calls are under way, what has become due meanwhile is looked for this often.
LOOK_SECONDS = 0.5
# After the first answer, others are waited for this long: they are recorded by one commit.
GATHER_SECONDS = 0.01
# Of the task's time limit, for what the database takes.
MARGIN_SECONDS = 5

_pools: dict[int, ThreadPoolExecutor] = {}  # by process: threads do not survive a fork


def drain(*, seconds: float) -> tuple[int, bool]:
    """Make the calls that are due; how many, and whether time ran out first.

    After `seconds` no call is begun, but for endpoints that are well while those that are not are
    waited for, which is up to one time-out; the rest is waited for as well. What the database
    raises leaves it to the leases.
    """
    patience = settings.CALLBACK_TOTAL_TIMEOUT.total_seconds()
    seconds = max(
        1.0, min(seconds, settings.CELERY_TASK_TIME_LIMIT - 2 * patience - MARGIN_SECONDS)
    )
    started, done = time.monotonic(), 0
    under_way: dict[Future[Said], Call] = {}
    claims.know_senders()
    deliver.give_up_overdue(now=clock.now())
    while True:
        passed = time.monotonic() - started
        in_time = passed < seconds
        free = settings.CALLBACK_CALLS_AT_ONCE - len(under_way)
        claimed: Sequence[Errand] = ()
        if free and (in_time or (under_way and passed < seconds + patience)):
            claimed = claims.claim(limit=free, now=clock.now(), only_well=not in_time)
        done += len(claimed)
        under_way |= begin(claimed)
        if not under_way and (not in_time or not claimed):
            return done, not in_time
        ended, _ = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if ended:  # those that ended in the meantime go with it
            wait(under_way, timeout=GATHER_SECONDS)
        over = [future for future in under_way if future.done()]
        record([(under_way.pop(future), future.result()) for future in over])


def begin(claimed: Sequence[Errand]) -> dict[Future[Said], Call]:
    """Start the calls of claimed errands; what stands against a call is recorded at once."""
    begun, refusals = {}, []
    for call in prepared(claimed):
        refusal = calling.refused(call)
        if refusal is not None:
            refusals.append((call, refusal))
            continue
        log.info("callback_calling", errand=call.errand.id, event_id=str(call.event.id))
        begun[_pool().submit(calling.make, call)] = call
    record(refusals)
    return begun


def prepared(claimed: Sequence[Errand]) -> list[Call]:
    """All calls of a claim; if that fails as a whole, each by itself, so that one poisons none."""
    if not claimed:
        return []
    try:
        return deliver.prepare(claimed, now=clock.now())
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble: the leases give the errands back
    except Exception as error:
        log.exception("callbacks_unreadable", of=len(claimed))
        if len(claimed) > 1:
            return [call for errand in claimed for call in prepared([errand])]
        stumble(claimed[0], error=error)
        return []


def record(over: Sequence[tuple[Call, Said]]) -> None:
    """Write down what came of calls; one that cannot be written down stops no other."""
    if not over:
        return
    try:
        deliver.record(over, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("callbacks_failed", errands=[call.errand.id for call, _ in over][:20])
        if len(over) == 1:
            stumble(over[0][0].errand, error=error)
        for pair in over if len(over) > 1 else ():
            record([pair])


def stumble(errand: Errand, *, error: Exception) -> None:
    """Free the place of an errand of ours that failed, and try it again later."""
    claims.let_go([errand])
    errands.stumble(errand, error=error, now=clock.now())


def _pool() -> ThreadPoolExecutor:
    pool = _pools.get(os.getpid())
    if pool is None:
        _pools.clear()
        pool = ThreadPoolExecutor(settings.CALLBACK_CALLS_AT_ONCE, thread_name_prefix="callback")
        _pools[os.getpid()] = pool
    return pool
