"""Whether this process answers, and whether it can do its work; open to whoever asks.

Strangers learn yes or no and a few figures; what exactly failed is only in the log. However
often readiness is asked, each process looks at most once in REUSE_SECONDS, and one request at
a time: a frozen Redis must not let the askers fill all threads.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts import spraying
from accounts.sync import follow
from hub.lib import clock, logging

log = logging.get(__name__)

REUSE_SECONDS = 1.0
REDIS_TIMEOUT_SECONDS = 0.5
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether it is well, and how long the look took, in milliseconds."""

    ok: bool
    ms: float


@dataclass(frozen=True)
class Readiness:
    """What the last look found. `pending_migrations` is None while the database cannot tell."""

    database: Check
    migrations: Check
    pending_migrations: int | None
    redis: Check
    directory: Check
    following: follow.Following | None
    sign_in: Check  # not well while one password seems to be tried over many names

    @property
    def status(self) -> str:
        """`ready`; `degraded`: requests are accepted, something is late; `unavailable`: send
        nothing."""
        if not (self.database.ok and self.migrations.ok):
            return "unavailable"
        return "ready" if self.redis.ok and self.directory.ok else "degraded"


@require_safe
@never_cache
def live(_request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; nothing else is asked. For restarts."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> HttpResponse:
    """200 while requests can be accepted, 503 otherwise. For load balancers and roll-outs.

    Without Redis the answer stays 200 (`degraded`): what is accepted is in the database, and
    the sweep finds it once Redis is back. So it does while the directory is not followed in time.
    """
    found = current()
    unavailable = found.status == "unavailable"
    migrations = {**asdict(found.migrations), "pending": found.pending_migrations}
    return JsonResponse(
        {
            "status": found.status,
            "checks": {
                "database": asdict(found.database),
                "migrations": migrations,
                "redis": asdict(found.redis),
                "directory": {
                    **asdict(found.directory),
                    **(asdict(found.following) if found.following else {}),
                },
                "sign_in": asdict(found.sign_in),
            },
        },
        status=503 if unavailable else 200,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)} if unavailable else None,
    )


class _Last:
    """The last look of this process, and who is looking."""

    looking = threading.Lock()
    at = 0.0  # time.monotonic
    found: Readiness | None = None


def current() -> Readiness:
    """What is known now: the last look if it is young or another thread is busy with the next."""
    last = _Last.found
    if last is not None and time.monotonic() - _Last.at < REUSE_SECONDS:
        return last
    if not _Last.looking.acquire(blocking=last is None):
        assert last is not None
        return last
    try:
        _Last.found, _Last.at = look(), time.monotonic()
        return _Last.found
    finally:
        _Last.looking.release()


def look() -> Readiness:
    """Ask the database and Redis. Never raises for what they do."""
    pending: list[int] = []
    database = _timed("database", _ask_database)
    migrations = (
        _timed("migrations", lambda: pending.append(count_pending_migrations()))
        if database.ok
        else Check(ok=False, ms=0.0)
    )
    well = pending == [0]
    followed: list[follow.Following] = []
    directory = (
        _timed("directory", lambda: followed.append(follow.following(now=clock.now())))
        if well
        else Check(ok=False, ms=0.0)
    )
    following = followed[0] if followed else None
    alarms: list[int] = []
    sign_in = (
        _timed("sign_in", lambda: alarms.append(spraying.alarms_on(now=clock.now())))
        if well
        else Check(ok=False, ms=0.0)
    )
    return Readiness(
        database=database,
        migrations=Check(ok=well, ms=migrations.ms),
        pending_migrations=pending[0] if pending else None,
        redis=_timed("redis", _ask_redis),
        directory=Check(ok=following is not None and following.in_time, ms=directory.ms),
        following=following,
        sign_in=Check(ok=alarms == [0], ms=sign_in.ms),
    )


def count_pending_migrations() -> int:
    """How many migrations this code knows and the database has not had.

    Newer ones in the database are no fault: the next version migrates before its web starts.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    return len(_known_migrations() - applied.keys())


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        client.ping()


def _timed(name: str, ask: Callable[[], None]) -> Check:
    started, ok = time.perf_counter(), True
    try:
        ask()
    except (DatabaseError, InterfaceError, redis.RedisError, OSError) as error:
        log.warning("not_ready", check=name, error=type(error).__name__)
        ok = False
    return Check(ok=ok, ms=round((time.perf_counter() - started) * 1000, 1))
