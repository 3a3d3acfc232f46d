"""How many requests a minute: counted in Redis, for the good of all and not for safety.

So it fails open: without Redis nobody is limited. What must not fail open (tries to sign in) is
in the database.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings

from hub.lib import scratchpad
from hub.lib.errors import HubError

WINDOW_SECONDS = 60
LEASED_AT_MOST = 50  # requests
SUBJECTS_AT_MOST = 10_000


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


@dataclass(slots=True)
class _Lease:
    """Requests of one minute that Redis has counted already and this process may still serve."""

    minute: int
    left: int
    beyond: int  # what was left of the limit for everybody else when they were counted
    size: int


_leases: dict[str, _Lease] = {}
_leasing = threading.Lock()


def take(*, subject: str, limit: int, now: datetime) -> Quota | None:
    """Count one request of the subject (kind and id, no name) in this minute.

    None if Redis does not answer: then there is no limit. Raises RateLimited above the limit.
    """
    minute, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    used = _count(subject, minute, 1)
    if used is None:
        return None
    quota = Quota(limit, max(0, limit - used), WINDOW_SECONDS - second)
    if used > limit:
        raise _limited(quota)
    return quota


def take_leased(*, subject: str, limit: int, now: datetime) -> Quota | None:
    """Like `take`, but a busy subject's requests are counted in Redis many at a time.

    A process counts ahead for as many as it lately needed, twice as many each time, up to
    LEASED_AT_MOST and a twentieth of what is left: a slow sender is counted one by one, and near
    its limit everybody is. Never more than the limit are served; if a process stops sending,
    what it had counted ahead is lost to the others until the next minute.
    """
    minute, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    reset_seconds = WINDOW_SECONDS - second
    with _leasing:
        lease = _leases.get(subject)
        if lease is not None and lease.minute == minute:
            if lease.left > 0:
                lease.left -= 1
                return Quota(limit, lease.beyond + lease.left, reset_seconds)
            size = max(1, min(lease.size * 2, LEASED_AT_MOST, lease.beyond // 20))
        else:
            size = 1
    used = _count(subject, minute, size)  # outside of the lock: Redis may keep us waiting
    if used is None:
        return None
    if used - size >= limit:
        raise _limited(Quota(limit, 0, reset_seconds))
    granted = min(size, limit - (used - size))
    beyond = max(0, limit - used)
    with _leasing:
        if len(_leases) >= SUBJECTS_AT_MOST:
            _leases.clear()
        lease = _leases.get(subject)
        # Another thread may have come with a lease meanwhile: what was counted is not lost.
        spare = lease.left if lease is not None and lease.minute == minute else 0
        _leases[subject] = _Lease(minute, granted - 1 + spare, beyond, size)
    return Quota(limit, beyond + granted - 1 + spare, reset_seconds)


def _count(subject: str, minute: int, requests: int) -> int | None:
    """How many were counted in this minute, these included; None if Redis does not answer."""
    key = f"hub:limit:{subject}:{minute}"

    def count(client: redis.Redis) -> int:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, requests)
            pipeline.expire(key, 2 * WINDOW_SECONDS)
            return int(pipeline.execute()[0])

    return scratchpad.ask(settings.REDIS_URL, count)


def _limited(quota: Quota) -> RateLimited:
    return RateLimited(
        f"At most {quota.limit} requests a minute. Wait for the next one.",
        headers={**quota.headers(), "Retry-After": str(quota.reset_seconds)},
    )
