"""How many requests a minute: counted in Redis, for the good of all and not for safety.

So it fails open: without Redis nobody is limited. What must not fail open (tries to sign in) is
in the database.
"""

from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings

from hub.lib import scratchpad
from hub.lib.errors import HubError

WINDOW_SECONDS = 60


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


def take(*, subject: str, limit: int, now: datetime) -> Quota | None:
    """Count one request of the subject (kind and id, no name) in this minute.

    None if Redis does not answer: then there is no limit. Raises RateLimited above the limit.
    """
    minute, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    key = f"hub:limit:{subject}:{minute}"

    def count(client: redis.Redis) -> int:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 2 * WINDOW_SECONDS)
            return int(pipeline.execute()[0])

    used = scratchpad.ask(settings.REDIS_URL, count)
    if used is None:
        return None
    quota = Quota(limit, max(0, limit - used), WINDOW_SECONDS - second)
    if used > limit:
        raise RateLimited(
            f"At most {limit} requests a minute. Wait for the next one.",
            headers={**quota.headers(), "Retry-After": str(quota.reset_seconds)},
        )
    return quota
