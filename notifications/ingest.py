"""Accepting a notification: checked, written with all it makes necessary, in one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import audience
from accounts.models import Employee
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import blast_radius, errands, fanout, lifecycle, waves
from notifications.models import Category, Errand, Notification, Seat
from notifications.models.notification import Card


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sub-system asks to be sent; shapes are checked already, meanings are not."""

    category: str
    kind: str
    card: Card
    audience: dict[str, Any]
    reference: str = ""
    requester: str | None = None
    sensitivity: str | None = None
    priority: str = Notification.Priority.NORMAL
    collapse_key: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, Any] | None = None
    joiners: bool = False
    send_at: datetime | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    on_expiry: str = "none"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What will not be lost; `count` is exact for requests, an estimate for notices."""

    notification: Notification
    count: int
    unknown: Sequence[str]


@transaction.atomic
def accept(draft: Draft, *, caller: Caller, now: datetime) -> Accepted:
    """Write a notification with its seats and errands. Raises Invalid with a pointer a fault."""
    category = _category(draft, caller=caller)
    requester = _requester(draft)
    _check_times(draft, now=now)
    parsed = audience.validate(draft.audience, pointer="/audience")
    unknown = audience.unknown(parsed)
    is_request = draft.kind == Notification.Kind.REQUEST
    few = _few(parsed, requester=requester if is_request else None)
    if few is None and is_request:
        raise _invalid(
            "/audience", "too_many_approvers",
            f"A request asks at most {settings.SEATS_AT_MOST} people.",
        )  # fmt: skip
    count = audience.count(parsed) if few is None else len(few)
    if count == 0:
        raise _nobody(unknown)
    radius = blast_radius.of(caller)
    held = radius.is_exceeded_by(count)
    upcoming = lifecycle.upcoming(send_at=draft.send_at, now=now)
    notification = Notification(
        subsystem_id=caller.subsystem_id,
        category=category,
        mode=caller.mode,
        kind=draft.kind,
        reference=draft.reference,
        state=Notification.State.HELD if held else upcoming,
        sensitivity=draft.sensitivity or category.sensitivity,
        priority=draft.priority,
        audience=draft.audience,
        policy=_policy(draft, seats=count) if is_request else {},
        requester=requester,
        collapse_key=draft.collapse_key,
        metadata=draft.metadata,
        waves=draft.waves,
        joiners=draft.joiners,
        send_at=draft.send_at,
        due_at=draft.due_at,
        expires_at=draft.expires_at,
        on_expiry=draft.on_expiry,
        created_at=now,
        sent_with=caller.key_id,
        held_over=radius.recipients if held else None,
    )
    notification.card = draft.card
    notification.save(force_insert=True)
    if is_request and few is not None:
        Seat.objects.bulk_create(
            Seat(notification=notification, principal_id=person, holder_id=person) for person in few
        )
    if held:
        blast_radius.note_held(notification, count=count, caller=caller, now=now)
    elif few is not None and upcoming == Notification.State.OPEN and not draft.waves:
        fanout.at_once(notification, employee_ids=few, now=now)
    else:
        fanout.start(notification, now=now)
    if draft.expires_at is not None:
        errands.add(
            kind=Errand.Kind.EXPIRE, notification=notification, due_at=draft.expires_at, now=now
        )
    return Accepted(notification=notification, count=count, unknown=unknown)


def _category(draft: Draft, *, caller: Caller) -> Category:
    category = Category.objects.filter(subsystem_id=caller.subsystem_id, key=draft.category).first()
    if category is None:
        raise _invalid("/category", "unknown_category", "No such category of your sub-system.")
    order = ["public", "internal", "restricted"]
    if draft.sensitivity and order.index(draft.sensitivity) < order.index(category.sensitivity):
        raise _invalid(
            "/sensitivity", "sensitivity_too_low",
            f"The category is {category.sensitivity}; a notification may only be more sensitive.",
        )  # fmt: skip
    return category


def _requester(draft: Draft) -> Employee | None:
    if draft.requester is None:
        return None
    requester = Employee.objects.filter(employee_id=draft.requester).first()
    if requester is None:
        raise _invalid("/requester", "unknown_employee", "No employee has this id.")
    return requester


def _check_times(draft: Draft, *, now: datetime) -> None:
    if draft.expires_at is not None and draft.expires_at <= max(now, draft.send_at or now):
        raise _invalid("/expires_at", "in_the_past", "It must expire after it is sent.")
    if draft.due_at is not None and draft.expires_at and draft.due_at > draft.expires_at:
        raise _invalid("/due_at", "after_expiry", "It must be due before it expires.")
    if draft.on_expiry != "none" and draft.expires_at is None:
        raise _invalid("/on_expiry", "needs_expires_at", "Say when it expires.")
    if draft.joiners and draft.expires_at is None:
        raise _invalid("/joiners", "needs_expires_at", "Say until when they get it.")
    ends = draft.expires_at
    if draft.waves and ends and ends <= max(now, draft.send_at or now) + waves.LONGEST_WAIT:
        raise _invalid(
            "/expires_at", "before_last_wave", "The last wave is up to 25 hours after the sending."
        )


def _few(parsed: audience.Audience, *, requester: Employee | None) -> list[uuid.UUID] | None:
    """Who is meant, resolved now, in the order of their ids; None if they are too many for that.

    The approvers of a request are frozen like this, and its requester is never among them.
    """
    people = audience.matching(parsed).order_by("id")
    if requester is not None:
        people = people.exclude(id=requester.id)
    found = list(people.values_list("id", flat=True)[: settings.SEATS_AT_MOST + 1])
    return found if len(found) <= settings.SEATS_AT_MOST else None


def _policy(draft: Draft, *, seats: int) -> dict[str, Any]:
    policy: dict[str, Any] = {"mode": "any", "n": 1, "reject_ends": True} | draft.policy
    if policy["mode"] == "quorum" and not 1 <= policy["n"] <= seats:
        raise _invalid(
            "/policy/n", "quorum_unreachable", f"Between 1 and {seats}, the number of approvers."
        )
    return policy


def _nobody(unknown: Sequence[str]) -> errors.Invalid:
    hint = f" Unknown: {', '.join(unknown[:20])}." if unknown else ""
    return _invalid("/audience", "audience_empty", f"The audience contains nobody.{hint}")


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
