"""What the bell rings: every task is a few lines that hand over to the domain."""

from celery import shared_task

from hub.lib import clock
from notifications import drain as work
from notifications import errands, queues


@shared_task(name="notifications.drain")
def drain(queue: str) -> None:
    """Do what is due in a queue."""
    if queue in queues.ALL:
        work.drain(queue=queue)


@shared_task(name="notifications.relay")
def relay() -> None:
    """Ring for whatever is due or whose lease ended."""
    for queue in errands.due_queues(now=clock.now()):
        queues.send(queue)
