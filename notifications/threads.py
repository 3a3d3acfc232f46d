"""What was asked about a request, and replied: as those read it who see the request."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from typing import TypedDict, cast

from accounts.models import Employee
from hub.lib import clock
from notifications.models import Question


class Reply(TypedDict):
    """A reply; nobody is named where the sub-system gave it."""

    by: dict[str, str] | None
    text: str
    replied_at: str


class Asked(TypedDict):
    """A question, with its reply if there is one."""

    id: str
    to: str
    by: dict[str, str]
    text: str
    asked_at: str
    reply: Reply | None


def of(notification_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Asked]]:
    """The threads of these notifications, oldest question first."""
    threads: dict[uuid.UUID, list[Asked]] = defaultdict(list)
    found = Question.objects.filter(notification_id__in=notification_ids)
    for question in found.select_related("asker", "replied_by").order_by("id"):
        threads[question.notification_id].append(_asked(question))
    return threads


def _asked(question: Question) -> Asked:
    reply: Reply | None = None
    if question.replied_at is not None:
        by = question.replied_by
        reply = {
            "by": None if by is None else _name(by),
            "text": cast(str, question.reply),
            "replied_at": clock.text(question.replied_at),
        }
    return {
        "id": str(question.id),
        "to": question.to,
        "by": _name(question.asker),
        "text": cast(str, question.text),
        "asked_at": clock.text(question.asked_at),
        "reply": reply,
    }


def _name(person: Employee) -> dict[str, str]:
    return {"employee_id": person.employee_id, "name": person.display_name}
