"""The queues and the bell: how work is announced. Messages carry nothing but a queue's name.

The bell rings from a thread of its own, so that a request never waits for the broker; rings
within a moment of each other are one. Whatever is lost, the relay's sweep finds.
See docs/adr/0002-the-row-is-the-outbox.md.
"""

import atexit
import functools
import os
import threading
import time
import uuid

from celery import current_app
from django.db import transaction

from hub.lib import logging
from notifications.models import Errand

log = logging.get(__name__)

PUSH = "push"  # what a person waits for: requests and urgent notices
BULK = "bulk"  # broadcasts
CALLBACK = "callback"
MAINTENANCE = "maintenance"
MAIL = "mail"
ALL = (PUSH, BULK, CALLBACK, MAINTENANCE, MAIL)

URGENT, REQUEST, NOTICE, BROADCAST = range(4)
LANES = ("urgent", "request", "notice", "bulk")  # by number

COALESCE_SECONDS = 0.02
SHARE_AT_MOST = 1 / 40  # of a core, or a busy machine would hear little but the bell
BREAKER_SECONDS = 5.0


def queue_of(kind: str, lane: int) -> str:
    """The queue an errand of that kind and lane belongs to."""
    if kind == Errand.Kind.CALL_BACK:
        return CALLBACK
    if kind in {Errand.Kind.EXPIRE, Errand.Kind.ESCALATE, Errand.Kind.UNSNOOZE}:
        return MAINTENANCE
    if kind == Errand.Kind.MAIL:
        return MAIL
    return PUSH if lane <= REQUEST else BULK


def wake(queue: str) -> None:
    """Ring for a queue once the present transaction has committed (at once outside of one)."""
    transaction.on_commit(lambda: bell.ring(queue))


class Bell:
    """Rings for queues from a daemon thread of this process.

    A queue's flag is cleared before its message is sent, so that a ring during the sending is
    sent again. After a failure it stays silent for BREAKER_SECONDS: the sweep rings meanwhile.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.wanted: set[str] = set()
        self.pid = 0
        self.silent_until = 0.0

    def ring(self, queue: str) -> None:
        """Note that a queue has work; returns at once, never raises."""
        with self.condition:
            self.wanted.add(queue)
            if self.pid != os.getpid():  # the first ring, or the first after a fork
                self.pid = os.getpid()
                threading.Thread(target=self.serve, name="bell", daemon=True).start()
                atexit.register(self.flush)
            self.condition.notify()

    def serve(self) -> None:
        """Send what is wanted, for ever."""
        while True:
            with self.condition:
                self.condition.wait_for(lambda: bool(self.wanted))
                queues, self.wanted = self.wanted, set()
            started = time.thread_time()
            self.deliver(queues)
            spent = time.thread_time() - started
            time.sleep(max(COALESCE_SECONDS, spent / SHARE_AT_MOST))

    def deliver(self, wanted: set[str]) -> None:
        """Send what was rung for in a moment."""
        for queue in sorted(wanted):
            self.send(queue)

    def send(self, queue: str) -> None:
        """Send one message, unless the breaker is open."""
        if time.monotonic() < self.silent_until:
            return
        try:
            send(queue)
        except Exception as error:  # noqa: BLE001  # whatever the broker's client raises
            self.silent_until = time.monotonic() + BREAKER_SECONDS
            log.warning("bell_silent", queue=queue, error=type(error).__name__)

    def flush(self) -> None:
        """Before the process ends: send what is still wanted."""
        with self.condition:
            queues, self.wanted = self.wanted, set()
        self.deliver(queues)


bell = Bell()


def send(queue: str) -> None:
    """Put one message for a queue's workers on the broker. Raises what the broker raises."""
    body, headers = _message(queue)
    task_id = uuid.uuid4().hex
    with current_app.amqp.producer_pool.acquire(block=True) as producer:
        producer.publish(
            body,
            exchange="",
            routing_key=queue,
            declare=[current_app.amqp.queues[queue]],
            headers={**headers, "id": task_id, "root_id": task_id},
            correlation_id=task_id,
            serializer="json",
            retry=False,
        )


@functools.cache
def _message(queue: str) -> tuple[object, dict[str, object]]:
    # To put it together anew takes Celery longer than to send it.
    made = current_app.amqp.as_task_v2("", "notifications.drain", args=(queue,))
    return made.body, made.headers
