"""Two halves of a company for the staff's pages: payroll's with alice, and the stranger's.

`ROWS` makes a row of every table that has pages in the admin, for either half. A new page needs
its row here, and its line in `tests/hub/test_staff_access.py`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group

from accounts.models import (
    Access,
    ApiKey,
    AuditEvent,
    CallbackSecret,
    Device,
    Employee,
    GroupRole,
    LegalHold,
    PrivacyNotice,
    PrivacyRequest,
    RoleGrant,
    SignInAlarm,
    Staff,
    Subsystem,
    Synchronisation,
)
from notifications.models import (
    Breaker,
    Calendar,
    CallbackEvent,
    Category,
    Delivery,
    Errand,
    Holiday,
    Notification,
    Outbound,
    Recipient,
    Seat,
)
from selfserve.models import Module, Places, Submission

CARD = {"title": "Salary of May", "summary": "Paid", "body": "", "facts": [], "links": []}


@dataclass(frozen=True)
class Half:
    """One half: its sub-system, a person of its geo and affiliate, and what was sent there."""

    subsystem: Subsystem
    person: Employee
    notification: Notification
    now: datetime


def half(subsystem: Subsystem, person: Employee, *, affiliate: str, now: datetime) -> Half:
    """Bind both to the affiliate, and send a request from one to the other."""
    Subsystem.objects.filter(pk=subsystem.pk).update(affiliates=[affiliate])
    Employee.objects.filter(pk=person.pk).update(affiliate=affiliate)
    category = Category.objects.create(subsystem=subsystem, key="salary", name="Salary")
    notification = Notification(
        subsystem=subsystem, category=category, mode="live", kind="request", state="open",
        sensitivity="internal", audience={}, created_at=now,
        policy={"mode": "any", "n": 1, "reject_ends": True},
    )  # fmt: skip
    notification.card = {**CARD, "actions": []}
    notification.save()
    Recipient.objects.create(employee=person, notification=notification, arrived_at=now)
    made = Half(subsystem, person, notification, now)
    Delivery.objects.create(
        notification=notification, device=device(made), purpose="show", version=1, employee=person,
        state="sent", first_tried_at=now,
    )  # fmt: skip
    return made


def device(half: Half) -> Device:
    """The phone of the half's person."""
    digest = uuid.uuid4().bytes * 2
    found = Device.objects.filter(employee=half.person).first()
    return found or Device.objects.create(
        employee=half.person, installation=str(half.person.pk), platform="android",
        installation_index=digest, created_at=half.now, last_seen_at=half.now,
        access_digest=digest, access_expires_at=half.now + timedelta(days=1),
        session_expires_at=half.now + timedelta(days=30),
    )  # fmt: skip


def _event(half: Half) -> AuditEvent:
    return AuditEvent.objects.create(
        at=half.now, actor_kind="hub", action="subsystem_paused", subject_kind="subsystem",
        subject_id=str(half.subsystem.pk),
    )  # fmt: skip


def _key(half: Half) -> ApiKey:
    digest = uuid.uuid4().bytes * 2
    hint = f"hub_sk_{half.subsystem.key}"
    return ApiKey.objects.create(
        subsystem=half.subsystem, mode="live", digest=digest, hint=hint, created_at=half.now
    )


def _grant(half: Half) -> RoleGrant:
    colleague = Staff.objects.create_user(f"sender-{half.subsystem.key}", is_staff=True)
    return RoleGrant.objects.create(
        staff=colleague, role="sender", subsystem=half.subsystem, given_at=half.now
    )


def _calendar(half: Half) -> Calendar:
    return Calendar.objects.get_or_create(geo=half.person.geo, defaults={"week_days": [0]})[0]


def _module(half: Half) -> Module:
    return Module.objects.get_or_create(
        key=f"{half.subsystem.key}-forms",
        defaults={"subsystem": half.subsystem, "proposed_at": half.now},
    )[0]


ROWS: dict[str, Callable[[Half], Any]] = {
    "accounts.employee": lambda half: half.person,
    "accounts.device": device,
    "accounts.access": lambda half: Access.objects.create(
        employee=half.person, device=device(half), day=half.now.date(), address="192.0.2.7",
        address_index=uuid.uuid4().bytes * 2, first_at=half.now, last_at=half.now, requests=1,
    ),
    "accounts.subsystem": lambda half: half.subsystem,
    "accounts.apikey": _key,
    "accounts.callbacksecret": lambda half: CallbackSecret.objects.create(
        subsystem=half.subsystem, secret="whsec_x", created_at=half.now
    ),
    "accounts.auditevent": _event,
    "accounts.rolegrant": _grant,
    "accounts.grouprole": lambda half: GroupRole.objects.create(
        group_guid=uuid.uuid4(), group_name=half.subsystem.key, role="sender",
        subsystem=half.subsystem,
    ),
    "accounts.synchronisation": lambda half: Synchronisation.objects.create(name=half.subsystem.key),
    "accounts.privacynotice": lambda half: PrivacyNotice.objects.create(
        version=half.subsystem.key, material=False, created_at=half.now
    ),
    "accounts.privacyrequest": lambda half: PrivacyRequest.objects.create(
        employee=half.person, kind="export", received_at=half.now, due_at=half.now
    ),
    "accounts.legalhold": lambda half: LegalHold.objects.create(
        employee=half.person, reason="Court", placed_by="1", placed_at=half.now
    ),
    "accounts.signinalarm": lambda half: SignInAlarm.objects.create(
        source_index=uuid.uuid4().bytes * 2, address="192.0.2.7", began_at=half.now,
        last_at=half.now, tries=9,
    ),
    "accounts.staff": lambda half: Staff.objects.create_user(f"staff-{half.subsystem.key}"),
    "auth.group": lambda half: Group.objects.create(name=half.subsystem.key),
    "selfserve.module": _module,
    "selfserve.places": lambda half: Places.objects.create(subsystem=half.subsystem),
    "selfserve.submission": lambda half: Submission.objects.create(
        reference=half.subsystem.key.upper(), module=_module(half), employee=half.person,
        form_version=1, inputs={}, submitted_at=half.now,
    ),
    "notifications.notification": lambda half: half.notification,
    "notifications.category": lambda half: half.notification.category,
    "notifications.seat": lambda half: Seat.objects.create(
        notification=half.notification, principal=half.person, holder=half.person,
        stranded_at=half.now,
    ),
    "notifications.callbackevent": lambda half: CallbackEvent.objects.create(
        id=uuid.uuid4(), subsystem=half.subsystem, notification=half.notification, sequence=1,
        type="decision.made", body={}, created_at=half.now,
    ),
    "notifications.breaker": lambda half: Breaker.objects.create(subsystem=half.subsystem),
    "notifications.outbound": lambda half: Outbound.objects.create(
        notification=half.notification.pk, recipient="firebase", purpose="show",
        sensitivity="internal", count=1, first_at=half.now, last_at=half.now,
    ),
    "notifications.errand": lambda half: Errand.objects.create(
        kind="close", subsystem=half.subsystem, notification=half.notification, due_at=half.now,
        created_at=half.now, dead_at=half.now, lane=1, queue="push", size=1,
    ),
    "notifications.calendar": _calendar,
    "notifications.holiday": lambda half: Holiday.objects.create(
        calendar=_calendar(half), day=date(2026, 12, 25), name="Christmas"
    ),
}  # fmt: skip
