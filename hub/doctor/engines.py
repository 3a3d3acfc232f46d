"""PostgreSQL, Redis, and the workers that hang on both."""

from collections.abc import Iterator
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from redis import Redis, RedisError

from hub import health
from hub.doctor.finding import Finding, Grade
from hub.lib import clock as clocks
from notifications import queues

FAILURES = (DatabaseError, InterfaceError, RedisError)
POSTGRES_AT_LEAST = 150_000
REDIS_AT_LEAST = (7, 0)
CLOCKS_APART_AT_MOST = timedelta(seconds=2)
WORKERS_ANSWER_WITHIN_SECONDS = 3.0


def database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " current_setting('synchronous_commit'), current_setting('fsync')"
        )
        number, version, commits, fsync = cursor.fetchone() or (0, "?", "?", "?")
    if number < POSTGRES_AT_LEAST:
        yield Finding(
            "database", Grade.BAD, f"PostgreSQL {version}", "The hub needs PostgreSQL 15 or later."
        )
    pending = health.count_pending_migrations()
    if pending:
        yield Finding(
            "database", Grade.BAD, f"{pending} migrations have not been applied",
            "manage.py migrate, with this version of the hub.",
        )  # fmt: skip
    elif commits == "off" or fsync == "off":
        yield Finding(
            "database", Grade.BAD, f"synchronous_commit is {commits}, fsync is {fsync}",
            "Turn both on: what was accepted could be lost.",
        )  # fmt: skip
    else:
        yield Finding("database", Grade.OK, f"PostgreSQL {version}, migrated, commits are durable")


def clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [there] = cursor.fetchone() or (clocks.now(),)
    apart = abs(clocks.now() - there)
    if apart > CLOCKS_APART_AT_MOST:
        yield Finding(
            "clock", Grade.BAD, f"{apart.total_seconds():.0f} s from the database's",
            "Let both follow one NTP source: leases, tokens and schedules depend on it.",
        )  # fmt: skip
    else:
        yield Finding("clock", Grade.OK, "as the database's")


def redis() -> Iterator[Finding]:
    client = Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
    )
    with client:
        info = dict(client.info())
        version = str(info.get("redis_version", "0"))
        if tuple(int(part) for part in version.split(".")[:2]) < REDIS_AT_LEAST:
            yield Finding("redis", Grade.BAD, f"Redis {version}", "The hub needs Redis 7 or later.")
        policy, is_kept = info.get("maxmemory_policy"), info.get("aof_enabled")
        if policy != "noeviction":
            yield Finding(
                "redis", Grade.WARNING, f"maxmemory-policy is {policy}",
                "Set noeviction, and give the hub an instance of its own.",
            )  # fmt: skip
        if not is_kept:
            yield Finding(
                "redis", Grade.WARNING, "appendonly is off",
                "Turn it on: nothing is lost without it, but work is late after a restart.",
            )  # fmt: skip
        yield Finding("redis", Grade.OK, f"Redis {version} answers")


def workers() -> Iterator[Finding]:
    said = current_app.control.inspect(timeout=WORKERS_ANSWER_WITHIN_SECONDS).active_queues() or {}
    served = {queue["name"] for queues_of in said.values() for queue in queues_of}
    missing = sorted(set(queues.ALL) - served)
    if missing:
        yield Finding(
            "workers", Grade.BAD, f"no worker on {', '.join(missing)} ({len(said)} answered)",
            "Start one: docker/entrypoint.sh worker, with QUEUES.",
        )  # fmt: skip
    else:
        yield Finding("workers", Grade.OK, f"{len(said)} on all queues")
