"""Redis as a scratchpad that all processes share: it answers at once, or not at all.

Nothing true lives there, so whoever asks must know what to do without an answer. After a failure
a breaker in each process leaves Redis alone for a few seconds, or every request would wait for it.
"""

import functools
import threading
import time
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from hub.lib import logging

log = logging.get(__name__)

SOCKET_TIMEOUT_SECONDS = 0.25
BREAKER_SECONDS = 5.0


class Breaker:
    """Open for a few seconds after a failure: in that time Redis is not even tried."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_until = 0.0

    def is_open(self) -> bool:
        """Whether Redis failed just now."""
        return time.monotonic() < self._open_until

    def trip(self) -> None:
        """Redis has failed: leave it alone for a while, and say so once."""
        with self._lock:
            if not self.is_open():
                log.warning("scratchpad_off", seconds=BREAKER_SECONDS)
            self._open_until = time.monotonic() + BREAKER_SECONDS

    def reset(self) -> None:
        """Try again at once."""
        self._open_until = 0.0


breaker = Breaker()


def ask[Answer](url: str, question: Callable[[redis.Redis], Answer]) -> Answer | None:
    """What the question finds out; None if Redis does not answer, within a quarter of a second."""
    if breaker.is_open():
        return None
    try:
        return question(_client(url))
    except (redis.RedisError, OSError, ValueError):
        breaker.trip()
        return None


@functools.cache
def _client(url: str) -> redis.Redis:
    # No retries: the library's own would make a dead Redis cost several time-outs a request.
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
    )
