"""The story's cast: payroll's category, notifications as ingest would have written them."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Device, Employee, Subsystem
from accounts.subsystems import Caller
from hub.lib import keys
from notifications import ingest
from notifications.models import Category, Notification, Recipient, Seat
from notifications.push import send
from tests.notifications.acting import Provider

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
            subsystem=more.pop("subsystem", approval.subsystem),
            category=more.pop("category", approval), mode=more.pop("mode", "live"),
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


@pytest.fixture
def provider(monkeypatch):
    made = Provider()
    monkeypatch.setattr(send, "gateway", lambda: made)
    return made


@pytest.fixture
def phone(now):
    def make(employee, address=None):
        address = address or f"token-{employee.user_name}-{uuid.uuid4().hex[:6]}"
        return Device.objects.create(
            employee=employee, installation=address, platform="android",
            installation_index=keys.ring().blind_index(address, purpose="installation"),
            created_at=now, last_seen_at=now, access_digest=uuid.uuid4().bytes * 2,
            access_expires_at=now + timedelta(days=1), session_expires_at=now + timedelta(days=30),
            push_address=address, push_registered_at=now,
            push_address_index=keys.ring().blind_index(address, purpose="push_address"),
        )  # fmt: skip

    return make


@pytest.fixture
def caller(payroll):
    return Caller(subsystem_id=payroll.id, key_id=uuid.uuid4(), mode="live")


@pytest.fixture
def accept(caller, approval, now):
    def make(*people, kind="request", **more):
        card = {"title": "Expense report", "summary": "Taxi", "body": "", "facts": [], "links": []}
        if kind == "request":
            card["actions"] = [
                {"verb": v, "label": v, "effect": v, "comment": ""} for v in ("approve", "reject")
            ]
        audience = more.pop("audience", {"any": [{"employees": [p.employee_id for p in people]}]})
        draft = ingest.Draft(category="approval", kind=kind, card=card, audience=audience, **more)
        return ingest.accept(draft, caller=caller, now=now).notification

    return make
