"""What the bell rings: every task is a few lines that hand over to the domain."""

from typing import Any

from celery import shared_task, signals
from django.conf import settings

from hub.lib import clock, logging, metrics
from notifications import announcing, attachments, changes, digests, drift, errands, queues, sweep
from notifications import drain as work
from notifications.approvals import delegation
from notifications.escalation import leavers

log = logging.get(__name__)


@shared_task(name="notifications.drain")
def drain(queue: str) -> None:
    """Do what is due in a queue."""
    if queue in queues.ALL:
        work.drain(queue=queue)


@shared_task(name="notifications.relay")
def relay() -> None:
    """Tell of windows that begin and end; ring for whatever is due or whose lease ended."""
    delegation.turn(clock.now())
    for queue in errands.due_queues(now=clock.now()):
        queues.send(queue)
    metrics.relayed_at.set_to_current_time()


@shared_task(name="notifications.pass_on_seats")
def pass_on_seats() -> None:
    """Let somebody else answer from the seats of who has left."""
    leavers.sweep(clock.now())


@shared_task(name="notifications.check_drift", time_limit=3600)
def check_drift() -> None:
    """Look whether a row names what is not there; the metrics tell it, and the log."""
    for found in drift.check():
        if found.without:
            log.error("drift_found", rows=found.rows, without=found.without)


@signals.worker_init.connect
def tell_metrics(**_: Any) -> None:
    """Let a worker answer for its counts, where an address for it is set."""
    if settings.METRICS_ADDRESS:
        metrics.serve(settings.METRICS_ADDRESS)


@shared_task(name="notifications.announce")
def announce() -> None:
    """Tell people what the hub itself has to tell them."""
    announcing.privacy_notices(now=clock.now())
    announcing.privacy_requests(now=clock.now())


@shared_task(name="notifications.purge_feed")
def purge_feed() -> None:
    """Forget what no phone's cursor needs any more, files that nobody named, old digests."""
    changes.purge(now=clock.now())
    attachments.purge(now=clock.now())
    digests.purge(now=clock.now())


@signals.worker_ready.connect
def watch(sender: Any, **_: Any) -> None:
    """Let a worker look for itself when it hears nothing."""
    watching = sweep.start(sender.app.amqp.queues.consume_from)
    signals.task_received.connect(lambda **_: watching.heard(), weak=False)
