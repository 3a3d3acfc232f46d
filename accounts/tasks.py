"""What the scheduler rings for; each task is one call into the domain."""

import contextlib

from celery import shared_task

from accounts import activation, anchors, audit, feed, retention, retirement, sync
from accounts.directory import choose, refusals
from hub.lib import clock


@shared_task(name="accounts.seal_audit")
def seal_audit() -> int:
    """Chain the committed audit events, a bounded number a ring; the next ring goes on."""
    return audit.seal(now=clock.now(), limit=5000)


@shared_task(name="accounts.anchor_audit")
def anchor_audit() -> None:
    """Tell the log stream how the chain ends, for whoever keeps it apart from the database."""
    anchors.tell()


# Reading everybody takes longer than an errand may; a lease of its own keeps runs apart.
@shared_task(name="accounts.sync_directory", time_limit=3600)
def sync_directory() -> None:
    """Follow the directory; what it came to is in the row and in the log."""
    with contextlib.suppress(refusals.DirectoryUnavailable):
        sync.run(directory=choose.configured(), now=clock.now())


@shared_task(name="accounts.read_feed", time_limit=600)
def read_feed() -> None:
    """Take over what the employee database says; bad rows are in the log and in the admin."""
    if feed.configured():
        with contextlib.suppress(feed.Unreadable):  # it is in the row and in the log
            feed.read(now=clock.now())


@shared_task(name="accounts.purge")
def purge() -> None:
    """End what is over, and delete what was to be kept for a while only."""
    retirement.retire(now=clock.now())
    activation.expire(now=clock.now())
    retention.purge(now=clock.now())
