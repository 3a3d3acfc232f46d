"""How far the hub is behind: figures for operators, by queries that stay small.

Finished errands are gone, so their table holds only what waits, and what is dead.
"""

from dataclasses import dataclass

from django.db import connection

from notifications.models import Breaker, CallbackEvent, Notification

# Counting is given up, not waited for, where a million of errands wait.
TIMEOUT_MS = 2000

ERRANDS = """
SELECT queue, kind,
       CASE WHEN dead_at IS NOT NULL THEN 'dead'
            WHEN lease_until > now() THEN 'leased'
            WHEN due_at > now() THEN 'waiting' ELSE 'due' END AS state,
       count(*),
       coalesce(extract(epoch FROM max(now() - due_at) FILTER (WHERE due_at <= now())), 0)
  FROM notifications_errand GROUP BY 1, 2, 3
"""
# A writer that stays open holds the change feeds back: see docs/adr/0006-change-feeds.md.
OLDEST_WRITER = """
SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Errands:
    """Errands of one kind, queue and state; how long the oldest has been due, in seconds."""

    queue: str
    kind: str
    state: str
    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one moment."""

    errands: list[Errands]
    breakers_open: int
    callbacks_dead: int
    held: int  # notifications that wait for a second person
    oldest_writer_seconds: float


def current() -> Figures:
    """The figures. Raises OperationalError if the database is too busy to count."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(TIMEOUT_MS)])
        try:
            cursor.execute(ERRANDS)
            errands = [
                Errands(queue, kind, state, count, float(oldest_seconds))
                for queue, kind, state, count, oldest_seconds in cursor.fetchall()
            ]
            cursor.execute(OLDEST_WRITER)
            oldest = cursor.fetchone()
            return Figures(
                errands=errands,
                breakers_open=Breaker.objects.filter(opened_at__isnull=False).count(),
                callbacks_dead=CallbackEvent.objects.filter(state=CallbackEvent.State.DEAD).count(),
                held=Notification.objects.filter(state=Notification.State.HELD).count(),
                oldest_writer_seconds=float(oldest[0]) if oldest else 0.0,
            )
        finally:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [before[0]])
