"""What the bell rings: every task is a few lines that hand over to the domain."""

from typing import Any

from celery import shared_task, signals

from hub.lib import clock
from notifications import drain as work
from notifications import errands, queues, sweep
from notifications.approvals import delegation
from notifications.escalation import leavers


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


@shared_task(name="notifications.pass_on_seats")
def pass_on_seats() -> None:
    """Let somebody else answer from the seats of who has left."""
    leavers.sweep(clock.now())


@signals.worker_ready.connect
def watch(sender: Any, **_: Any) -> None:
    """Let a worker look for itself when it hears nothing."""
    watching = sweep.start(sender.app.amqp.queues.consume_from)
    signals.task_received.connect(lambda **_: watching.heard(), weak=False)
