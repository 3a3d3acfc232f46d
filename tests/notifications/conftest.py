"""The story's cast: payroll's category, notifications as ingest would have written them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Employee, Subsystem
from notifications.models import Category, Notification, Recipient, Seat

CARD = {"title": "Expense report", "summary": "Taxi", "body": "", "facts": [], "links": []}
ACTIONS = [
    {"verb": "approve", "label": "Approve", "effect": "approve", "comment": ""},
    {"verb": "reject", "label": "Reject", "effect": "reject", "comment": ""},
]


@pytest.fixture
def approval(payroll: Subsystem) -> Category:
    """A category of payroll."""
    return Category.objects.create(subsystem=payroll, key="approval", name="Approval")


@pytest.fixture
def make_request(approval: Category, now: datetime) -> Callable[..., Notification]:
    """An open request with seats and copies, as it is after its fan-out."""

    def make(*approvers: Employee, readers: tuple[Employee, ...] = (), **more: Any) -> Notification:
        notification = Notification(
            subsystem=approval.subsystem, category=approval, mode="live",
            kind=more.pop("kind", "request"), state="open",
            sensitivity=more.pop("sensitivity", "internal"), audience={},
            policy=more.pop("policy", {"mode": "any", "n": 1, "reject_ends": True}),
            created_at=now, **more,
        )  # fmt: skip
        notification.card = {**CARD, "actions": ACTIONS}
        notification.save()
        for person in approvers:
            Seat.objects.create(notification=notification, principal=person, holder=person)
        for person in (*approvers, *readers):
            Recipient.objects.create(employee=person, notification=notification, arrived_at=now)
        return notification

    return make
