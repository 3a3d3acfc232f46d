"""What the tests of the story do and look at: work off what is due, answer, read the pushes."""

from collections import Counter
from datetime import timedelta

from hub.lib import clock
from notifications import drain, errands
from notifications.approvals import respond
from notifications.push.gateway import Fate, Outcome


class Provider:
    """A push provider that says what it is told to, and remembers what it was sent."""

    def __init__(self):
        self.sent = []
        self.says = {}  # address -> outcome
        self.waits = {}  # project -> how long to wait

    def admit(self, count, *, project=""):
        return self.waits.get(project, timedelta(0))

    def send(self, pushes):
        self.sent += pushes
        return [self.says.get(push.address.value, Outcome(Fate.SENT, name="m")) for push in pushes]


def work():
    """Everything that is due now, until nothing is."""
    for _ in range(20):
        due = errands.due_queues(now=clock.now())
        if not due:
            return
        for queue in due:
            drain.drain(queue=queue)
    raise AssertionError("work does not end")


def answer(person, notification, verb="approve", version=1, comment=""):
    return respond.respond(
        employee_id=person.id,
        notification_id=notification.id,
        answer=respond.Answer(verb=verb, version=version, comment=comment),
        now=clock.now(),
    )


def shown(provider):
    return Counter(
        p.address.value for p in provider.sent if p.wording.data["type"] == "notification"
    )


def cleared(provider):
    """The addresses whose trays were cleared, as often as they were."""
    return Counter(p.address.value for p in provider.sent if p.wording.data["type"] == "clear")
