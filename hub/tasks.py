"""What the scheduler rings for above the apps; each task is one call."""

from celery import shared_task

from hub import privacy, retention
from hub.lib import clock


# A copy of everything of a person takes longer than an errand may.
@shared_task(name="hub.carry_out_privacy_requests", time_limit=3600)
def carry_out_privacy_requests() -> None:
    """Make the copies and the erasures that were asked for and approved."""
    privacy.carry_out(now=clock.now())


@shared_task(name="hub.purge", time_limit=3600)
def purge() -> None:
    """Delete what was to be kept for a while only; what was deleted is on the audit log."""
    retention.purge(now=clock.now())
