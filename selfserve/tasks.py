"""What the scheduler rings for."""

from celery import shared_task

from hub.lib import clock
from selfserve import retention


@shared_task(name="selfserve.purge")
def purge() -> None:
    """Delete what was to be kept for a while only."""
    retention.purge(now=clock.now())
