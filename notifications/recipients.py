"""Who received a notification, and what each has done with it: the sender's report, page by page.

A broadcast has a hundred thousand of them, so a page is read by keyset and nothing is counted.
See docs/sub-system-api.md, "Who has not".
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.db.models import Q, QuerySet

from accounts.subsystems import Caller
from hub.lib import clock, cursors, errors
from notifications import reports
from notifications.models import Delivery, Notification, Recipient, Response

# The best that happened on any of a person's devices comes first.
BEST_FIRST = ("delivered", "sent", "queued", "suppressed", "failed", "expired", "cancelled")


class Pushed(TypedDict):
    """How far the pushes to a person came, on the device where they came furthest."""

    state: str
    reason: str


class Answered(TypedDict):
    """What an approver answered to the present version."""

    verb: str
    responded_at: str


class Told(TypedDict):
    """One person who received a notification; `delivery` is null where no device was known."""

    employee_id: str
    arrived_at: str
    delivery: Pushed | None
    seen_at: str | None
    read_at: str | None
    acknowledged_at: str | None
    response: Answered | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of people in no order that means anything, and the cursor of the next one."""

    entries: list[Told]
    after: str | None


def page(
    *,
    caller: Caller,
    notification_id: uuid.UUID,
    acknowledged: bool | None = None,
    read: bool | None = None,
    responded: bool | None = None,
    after: str | None = None,
    page_size: int = 50,
) -> Page:
    """Those who received it, as far as they did, or did not do, what is asked for.

    What was confirmed or answered counts for the present version only. Raises NotFound for a
    notification of another sub-system, and Invalid for a cursor that no page gave out.
    """
    notification = reports.sent(caller=caller).filter(id=notification_id).first()
    if notification is None:
        raise errors.NotFound("There is no such notification of your sub-system.")
    rows = narrowed(notification, acknowledged=acknowledged, read=read, responded=responded)
    if after is not None:
        try:
            rows = rows.filter(employee_id__gt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.select_related("employee").order_by("employee_id")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    return Page(
        entries=_told(found, notification=notification),
        after=cursors.encode(found[-1].employee_id) if more else None,
    )


def narrowed(
    notification: Notification,
    *,
    acknowledged: bool | None = None,
    read: bool | None = None,
    responded: bool | None = None,
) -> QuerySet[Recipient]:
    """The copies of a notification on which these things were done, or were not."""
    rows = Recipient.objects.filter(notification=notification, by_delegation=False)
    answered = Response.objects.filter(notification=notification, version=notification.version)
    for wanted, done in (
        (acknowledged, Q(acknowledged_version__gte=notification.version)),
        (read, Q(read_at__isnull=False)),
        (responded, Q(employee_id__in=answered.values("actor_id"))),
    ):
        if wanted is not None:
            # An unknown is no yes: ~Q alone would leave out the copies that hold null.
            rows = rows.filter(done) if wanted else rows.exclude(done)
    return rows


def _told(rows: Sequence[Recipient], *, notification: Notification) -> list[Told]:
    people = [row.employee_id for row in rows]
    pushed, answers = _pushed(notification, people), _answers(notification, people)
    return [
        {
            "employee_id": row.employee.employee_id,
            "arrived_at": clock.text(row.arrived_at),
            "delivery": pushed.get(row.employee_id),
            "seen_at": clock.text(row.seen_at),
            "read_at": clock.text(row.read_at),
            "acknowledged_at": clock.text(row.acknowledged_at)
            if (row.acknowledged_version or 0) >= notification.version
            else None,
            "response": answers.get(row.employee_id),
        }
        for row in rows
    ]


def _pushed(notification: Notification, people: Collection[uuid.UUID]) -> dict[uuid.UUID, Pushed]:
    """The best push of the present version to each of them; clearing a tray tells nobody."""
    pushes = Delivery.objects.filter(
        notification=notification, employee_id__in=people, version=notification.version
    ).exclude(purpose=Delivery.Purpose.CLEAR)
    best: dict[uuid.UUID, Pushed] = {}
    for employee_id, state, reason in sorted(
        pushes.values_list("employee_id", "state", "reason"),
        key=lambda push: BEST_FIRST.index(push[1]),
    ):
        best.setdefault(employee_id, {"state": state, "reason": reason})
    return best


def _answers(
    notification: Notification, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, Answered]:
    answers = Response.objects.filter(
        notification=notification, version=notification.version, actor_id__in=people
    )
    return {
        answer.actor_id: {"verb": answer.verb, "responded_at": clock.text(answer.responded_at)}
        for answer in answers
    }
