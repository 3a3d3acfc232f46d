"""What the scheduler rings for; each task is one call into the domain."""

from celery import shared_task

from accounts import audit, retention
from hub.lib import clock


@shared_task(name="accounts.seal_audit")
def seal_audit() -> int:
    """Chain the committed audit events, a bounded number a ring; the next ring goes on."""
    return audit.seal(now=clock.now(), limit=5000)


@shared_task(name="accounts.purge")
def purge() -> None:
    """Delete what was to be kept for a while only."""
    retention.purge(now=clock.now())
