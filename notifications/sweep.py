"""A worker that hears nothing looks for itself: work goes on while the broker is away or deaf.

The bell may be lost in many ways: Redis is down, or the worker's connection came back without
delivering. A thread of each worker looks whether something is due in its queues although no message
came for a while, and does it. See docs/adr/0002-the-row-is-the-outbox.md.
"""

import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections

from hub.lib import clock, logging
from notifications import drain, errands

log = logging.get(__name__)

# Longer than one drain lasts: a worker whose processes are all busy is not deaf.
QUIET_AT_LEAST = timedelta(seconds=2 * drain.SECONDS_AT_MOST)


class Sweep:
    """Watches over one worker: `heard` at every message, `look` now and then."""

    def __init__(self, queues: Collection[str]) -> None:
        self.queues = frozenset(queues)
        self.heard_at = time.monotonic()

    def heard(self) -> None:
        """A message came: the bell works."""
        self.heard_at = time.monotonic()

    def is_quiet(self) -> bool:
        """Whether no message came for longer than a working bell would leave it."""
        longest = max(QUIET_AT_LEAST, 3 * settings.RELAY_EVERY)
        return time.monotonic() - self.heard_at > longest.total_seconds()

    def look(self) -> int:
        """Do what is due in the worker's queues, if no bell told of it; how many errands."""
        if not self.is_quiet():
            return 0
        close_old_connections()
        done = 0
        for queue in errands.due_queues(now=clock.now()):
            if queue in self.queues:
                log.warning("sweeping_unheard", queue=queue)
                done += drain.drain(queue=queue)
        return done

    def serve(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Look for ever; whatever fails is logged and tried again."""
        while True:
            sleep(settings.RELAY_EVERY.total_seconds())
            try:
                self.look()
            except Exception:  # the database may be away as well
                log.exception("sweep_failed")


def start(queues: Collection[str]) -> Sweep:
    """Watch over this worker from a daemon thread."""
    sweep = Sweep(queues)
    threading.Thread(target=sweep.serve, name="sweep", daemon=True).start()
    return sweep
