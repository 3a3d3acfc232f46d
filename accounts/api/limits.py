"""How many requests a minute: counted in Redis, for the good of all and not for safety.

So it fails open: without Redis nobody is limited, and a breaker in each process keeps requests
from waiting for it one by one. What must not fail open (tries to sign in) is in the database.
"""

import functools
import threading
import time
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from hub.lib import logging
from hub.lib.errors import HubError

log = logging.get(__name__)

WINDOW_SECONDS = 60
_SOCKET_TIMEOUT_SECONDS = 0.25
_BREAKER_SECONDS = 5.0


class RateLimited(HubError):
    """Over the limit of this minute."""

    code, status, title = "rate_limited", 429, "Too many requests"


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit in the present minute."""

    limit: int
    remaining: int
    reset_seconds: int  # until the next minute begins

    def headers(self) -> dict[str, str]:
        """`RateLimit-Limit`, `-Remaining` and `-Reset`, as put on every answer."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


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
                log.warning("rate_limits_off", seconds=_BREAKER_SECONDS)
            self._open_until = time.monotonic() + _BREAKER_SECONDS

    def reset(self) -> None:
        """Try again at once."""
        self._open_until = 0.0


breaker = Breaker()


def take(*, subject: str, limit: int, now: datetime) -> Quota | None:
    """Count one request of the subject (kind and id, no name) in this minute.

    None if Redis does not answer: then there is no limit. Raises RateLimited above the limit.
    """
    if breaker.is_open():
        return None
    minute, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    key = f"hub:limit:{subject}:{minute}"
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 2 * WINDOW_SECONDS)
            used = int(pipeline.execute()[0])
    except (redis.RedisError, OSError, ValueError):
        breaker.trip()
        return None
    quota = Quota(limit, max(0, limit - used), WINDOW_SECONDS - second)
    if used > limit:
        raise RateLimited(
            f"At most {limit} requests a minute. Wait for the next one.",
            headers={**quota.headers(), "Retry-After": str(quota.reset_seconds)},
        )
    return quota


@functools.cache
def _client(url: str) -> redis.Redis:
    # No retries: the library's own would make a dead Redis cost several time-outs a request.
    return redis.Redis.from_url(
        url,
        socket_timeout=_SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=_SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
    )
