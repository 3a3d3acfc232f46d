"""Delegations: given for a window and a scope, told to the delegate's phone, ended."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from accounts import affiliates, audit
from accounts.models import Employee, Subsystem
from hub.lib import errors
from hub.lib.columns import CurrentTransactionId
from notifications import hints
from notifications.models import Category, Delegation, Recipient, Seat

# The delegate's copies of what the principal is asked and is not over, whenever the window begins;
# for seats that are written later the trigger on them does the same (docs/adr/0018-delegation.md).
COPY = """
INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at, by_delegation)
SELECT DISTINCT %(delegate)s::uuid, seat.notification_id,
       greatest(%(now)s, %(starts_at)s)::timestamptz, true
  FROM notifications_seat seat
  JOIN notifications_notification notification ON notification.id = seat.notification_id
 WHERE seat.holder_id = %(principal)s AND notification.closed_at IS NULL
   AND notification.requester_id IS DISTINCT FROM %(delegate)s
   AND (%(subsystem)s::uuid IS NULL OR notification.subsystem_id = %(subsystem)s)
   AND (%(category)s::uuid IS NULL OR notification.category_id = %(category)s)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: who is to stand in, when, and for what."""

    delegate: str  # employee id
    starts_at: datetime | None  # None: now
    ends_at: datetime
    subsystem: str | None = None  # keys
    category: str | None = None


@transaction.atomic
def give(*, principal_id: uuid.UUID, wish: Wish, now: datetime) -> Delegation:
    """Let a colleague answer for this person. Raises Invalid with a pointer.

    What is shared is shown to the delegate from the beginning of the window on, and not before.
    """
    # One at a time for each person, so that the limit holds.
    Employee.objects.select_for_update(no_key=True).get(pk=principal_id)
    starts_at = now if wish.starts_at is None else max(wish.starts_at, now)
    _check_window(starts_at, wish.ends_at, now=now)
    named = Employee.objects.filter(employee_id=wish.delegate, disabled_at=None)
    delegate = affiliates.colleagues(named, of=principal_id).first()
    if delegate is None:
        raise _invalid("/delegate", "unknown_employee", "No colleague has this employee id.")
    if delegate.id == principal_id:
        raise _invalid("/delegate", "oneself", "Nobody stands in for oneself.")
    subsystem, category = _scope(wish)
    mine = Delegation.objects.filter(principal_id=principal_id, ended_at=None, ends_at__gt=now)
    if mine.count() >= settings.DELEGATIONS_AT_MOST:
        raise _invalid("", "too_many", f"At most {settings.DELEGATIONS_AT_MOST} at a time.")
    made = Delegation.objects.create(
        principal_id=principal_id,
        delegate=delegate,
        subsystem=subsystem,
        category=category,
        starts_at=starts_at,
        ends_at=wish.ends_at,
        created_at=now,
        begun_at=now if starts_at <= now else None,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            COPY,
            {
                "delegate": delegate.id,
                "principal": principal_id,
                "subsystem": made.subsystem_id,
                "category": made.category_id,
                "starts_at": starts_at,
                "now": now,
            },
        )
    _touch(made)
    _note("delegation_given", made, actor=_person(principal_id), now=now)
    return made


def of(*, employee_id: uuid.UUID, now: datetime) -> Sequence[Delegation]:
    """What a person has given and received that is not over, the next to begin first."""
    return list(
        Delegation.objects.filter(
            Q(principal_id=employee_id) | Q(delegate_id=employee_id),
            ended_at=None,
            ends_at__gt=now,
        )
        .select_related("principal", "delegate", "subsystem", "category")
        .order_by("starts_at", "id")
    )


@transaction.atomic
def take_back(*, principal_id: uuid.UUID, delegation_id: uuid.UUID, now: datetime) -> None:
    """End one of one's own delegations, at once. Raises NotFound for any other."""
    found = Delegation.objects.select_for_update().filter(
        pk=delegation_id, principal_id=principal_id, ended_at=None, ends_at__gt=now
    )
    made = found.first()
    if made is None:
        raise errors.NotFound("You have given no such delegation, or it is over.")
    _end(made, reason=Delegation.Ended.TAKEN_BACK, actor=_person(principal_id), now=now)


def turn(now: datetime) -> int:
    """Tell the phones of delegates whose window has begun or ended; how many delegations.

    Nothing depends on its being punctual: what is seen and answered is decided at every read.
    """
    over = (
        Q(ends_at__lte=now)
        | Q(principal__disabled_at__isnull=False)
        | Q(delegate__disabled_at__isnull=False)
    )
    begun = Q(begun_at=None, starts_at__lte=now)
    with transaction.atomic():
        due = list(
            Delegation.objects.filter(over | begun, ended_at=None)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("id")[:100]
        )
        for made in due:
            if made.ends_at <= now:
                _end(made, reason=Delegation.Ended.WINDOW, actor=audit.HUB, now=now)
            elif Delegation.objects.filter(over, pk=made.pk).exists():
                _end(made, reason=Delegation.Ended.DISABLED, actor=audit.HUB, now=now)
            else:
                Delegation.objects.filter(pk=made.pk).update(begun_at=now)
                _touch(made)
    return len(due)


def _end(made: Delegation, *, reason: str, actor: audit.Actor, now: datetime) -> None:
    Delegation.objects.filter(pk=made.pk).update(ended_at=now, ended_reason=reason)
    _touch(made)
    _note("delegation_ended", made, actor=actor, now=now, reason=reason)


def _touch(made: Delegation) -> None:
    """Let the delegate's change feed show what appears or goes."""
    held = Seat.objects.filter(holder_id=made.principal_id)
    copies = Recipient.objects.filter(employee_id=made.delegate_id)
    for part, seats in (
        (copies.filter(by_delegation=True), held),
        (copies.filter(by_delegation=False), held.filter(notification__closed_at=None)),
    ):
        part.filter(notification_id__in=seats.values("notification_id")).update(
            changed_in=CurrentTransactionId()
        )
    hints.employee(made.delegate_id)


def _scope(wish: Wish) -> tuple[Subsystem | None, Category | None]:
    if wish.subsystem is None:
        if wish.category is not None:
            raise _invalid("/subsystem", "required", "Say of which sub-system the category is.")
        return None, None
    subsystem = Subsystem.objects.filter(key=wish.subsystem).first()
    if subsystem is None:
        raise _invalid("/subsystem", "unknown", "There is no such sub-system.")
    if wish.category is None:
        return subsystem, None
    category = Category.objects.filter(subsystem=subsystem, key=wish.category).first()
    if category is None:
        raise _invalid("/category", "unknown_category", "The sub-system has no such category.")
    return subsystem, category


def _check_window(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    if ends_at <= now:
        raise _invalid("/until", "in_the_past", "It must end in the future.")
    if ends_at <= starts_at:
        raise _invalid("/until", "before_its_start", "It must end after it begins.")
    if ends_at - starts_at > settings.DELEGATION_LONGEST:
        days = settings.DELEGATION_LONGEST.days
        raise _invalid("/until", "too_long", f"A delegation lasts {days} days at most.")
    if starts_at - now > settings.DELEGATION_LONGEST * 4:
        raise _invalid("/from", "too_far", "It must begin sooner.")


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])


def _person(employee_id: uuid.UUID) -> audit.Actor:
    return audit.Actor("employee", str(employee_id))


def _note(action: str, made: Delegation, *, actor: audit.Actor, now: datetime, **data: Any) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="delegation",
        subject_id=made.pk,
        data={
            "principal": str(made.principal_id),
            "delegate": str(made.delegate_id),
            "subsystem": None if made.subsystem_id is None else str(made.subsystem_id),
            "category": None if made.category_id is None else str(made.category_id),
            "starts_at": made.starts_at.isoformat(),
            "ends_at": made.ends_at.isoformat(),
            **data,
        },
    )
