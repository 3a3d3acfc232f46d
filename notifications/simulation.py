"""A simulated employee answers what was sent with a test key, by the very path of a phone.

Nobody sees such notifications: no inbox, count, feed or push shows them. The sub-system reads them
back by its own API, and its callbacks come with `"mode": "test"`.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import ApiKey, Employee
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import acknowledgements, reports
from notifications.approvals import respond
from notifications.models import Notification

ACKNOWLEDGE = "acknowledge"


class TestKeyNeeded(errors.HubError):
    """Only what was sent with a test key is answered by simulated employees."""

    code, status, title = "test_key_needed", 403, "A test key is needed"
    __test__ = False  # a test collector takes the name for a test


@dataclass(frozen=True, slots=True)
class Said:
    """Who answers, and what."""

    employee_id: str  # the number that the audience names
    verb: str
    version: int | None = None  # of the content it answers; None: the present one
    comment: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)


def answer(*, caller: Caller, notification_id: uuid.UUID, said: Said, now: datetime) -> None:
    """Answer a notification of the caller in the name of an employee of its audience.

    The verb `acknowledge` confirms an acknowledgement. Raises TestKeyNeeded, NotFound, Invalid
    with /employee_id for who is no enabled employee, and whatever the answer of a person would
    be refused with.
    """
    if caller.mode != ApiKey.Mode.TEST:
        raise TestKeyNeeded("Use a test key: what is live is answered by people.")
    notification = reports.sent(caller=caller).filter(id=notification_id).first()
    if notification is None:
        raise errors.NotFound("There is no such notification of your sub-system.")
    people = Employee.objects.filter(employee_id=said.employee_id, disabled_at=None)
    person = people.values_list("pk", flat=True).first()
    if person is None:
        sentence = "There is no enabled employee of that number."
        flaw = errors.FieldError("/employee_id", "unknown_employee", sentence)
        raise errors.Invalid(sentence, errors=[flaw])
    version = notification.version if said.version is None else said.version
    if said.verb == ACKNOWLEDGE and notification.kind == Notification.Kind.ACKNOWLEDGEMENT:
        acknowledgements.acknowledge(
            employee_id=person,
            notification_id=notification.id,
            version=version,
            now=now,
            mode=caller.mode,
        )
        return
    respond.respond(
        employee_id=person,
        notification_id=notification.id,
        answer=respond.Answer(
            verb=said.verb, version=version, comment=said.comment, inputs=said.inputs
        ),
        now=now,
        mode=caller.mode,
    )
