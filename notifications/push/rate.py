"""How fast we may push: one bucket per Firebase project, shared by all workers through Redis.

The generic cell rate algorithm (ITU-T I.371): the project's "theoretical arrival time" moves on by
count / rate; whoever is ahead of it by more than the burst waits. A reservation is one round trip,
whatever its size. After a 429 nothing is granted until the provider's time is over, and then the
rate climbs back within RAMP. Without Redis each process keeps to its own share of the rate.
"""

import math
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import redis

from hub.lib import scratchpad

BURST = timedelta(seconds=1)  # what may be sent at once after a pause
RAMP = timedelta(seconds=30)
FLOOR = 0.1  # of the rate, at which the ramp begins
# So few do not queue behind a broadcast's thousands: they are reserved, and those wait longer.
FEW = 50
SHARE_WITHOUT_REDIS = 0.25

# KEYS: bucket. ARGV: count, messages a second, burst ms, longest wait ms, ramp ms, floor, few.
# The answer is the wait in milliseconds; beyond the longest wait nothing is reserved.
RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local kept = redis.call('HMGET', KEYS[1], 'arrival', 'ramp_from')
local arrival, ramp_from = tonumber(kept[1]) or 0, tonumber(kept[2])
local rate = tonumber(ARGV[2]) / 1000
if ramp_from then
    local climbed = math.max(0, now - ramp_from) / tonumber(ARGV[5])
    rate = rate * math.min(1, math.max(tonumber(ARGV[6]), climbed))
end
arrival = math.max(arrival, now - tonumber(ARGV[3]))
local wait = math.max(0, arrival - now)
local few = tonumber(ARGV[1]) <= tonumber(ARGV[7]) and now >= (ramp_from or 0)
if few and wait <= 2 * tonumber(ARGV[4]) then wait = 0 end
if wait > tonumber(ARGV[4]) then return tostring(wait) end
redis.call('HSET', KEYS[1], 'arrival', arrival + tonumber(ARGV[1]) / rate)
redis.call('EXPIRE', KEYS[1], 3600)
return tostring(wait)
"""

# KEYS: bucket. ARGV: how long nothing may be sent, in ms.
HOLD = """
local time = redis.call('TIME')
local till = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[1])
local arrival = tonumber(redis.call('HGET', KEYS[1], 'arrival')) or 0
redis.call('HSET', KEYS[1], 'arrival', math.max(arrival, till), 'ramp_from', till)
redis.call('EXPIRE', KEYS[1], 3600)
return 0
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a project allows. `messages_a_minute` stays below its quota: refused ones count too."""

    project: str
    messages_a_minute: int
    redis_url: str

    @property
    def key(self) -> str:
        """Where the bucket is kept."""
        return f"hub:push-rate:{self.project}"


class Own:
    """The bucket of this process alone, for as long as Redis does not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrival = 0.0

    def reserve(self, count: int, *, a_second: float, longest: timedelta) -> timedelta:
        """Like `reserve`, on this process's share."""
        with self._lock:
            now = time.monotonic()
            arrival = max(self._arrival, now - BURST.total_seconds())
            wait = timedelta(seconds=max(0.0, arrival - now))
            if wait <= longest:
                self._arrival = arrival + count / (a_second * SHARE_WITHOUT_REDIS)
            return wait

    def hold(self, span: timedelta) -> None:
        """Like `hold`, for this process."""
        with self._lock:
            self._arrival = max(self._arrival, time.monotonic() + span.total_seconds())


own = Own()


def reserve(limit: Limit, *, count: int, longest: timedelta) -> timedelta:
    """How long to wait before sending `count` messages; they are reserved then.

    An answer above `longest` means that nothing is reserved: come again after that time.
    """
    arguments = [
        count, limit.messages_a_minute / 60, _ms(BURST), _ms(longest), _ms(RAMP), FLOOR, FEW,
    ]  # fmt: skip

    def ask(client: redis.Redis) -> float:
        answer = cast(bytes, client.eval(RESERVE, 1, limit.key, *arguments))
        return float(answer)

    waited = scratchpad.ask(limit.redis_url, ask)
    if waited is None or not math.isfinite(waited):
        return own.reserve(count, a_second=limit.messages_a_minute / 60, longest=longest)
    return timedelta(milliseconds=waited)


def hold(limit: Limit, *, span: timedelta) -> None:
    """The provider said "too many": grant nothing to anybody for that time, then climb back."""
    own.hold(span)
    scratchpad.ask(limit.redis_url, lambda client: client.eval(HOLD, 1, limit.key, _ms(span)))


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
