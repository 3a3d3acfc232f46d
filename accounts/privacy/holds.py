"""Legal holds: while one is there, nothing of it is purged or erased."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import LegalHold
from hub.lib import errors


def place(
    *,
    employee_id: uuid.UUID | None = None,
    notification_id: uuid.UUID | None = None,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> LegalHold:
    """Hold the data of a person, or a notification."""
    with transaction.atomic():
        hold = LegalHold.objects.create(
            employee_id=employee_id,
            notification=notification_id,
            reason=reason,
            placed_by=actor.id or actor.kind,
            placed_at=now,
        )
        _note(actor, "legal_hold_placed", hold, now=now)
    return hold


def lift(*, hold_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Let go. Raises NotFound if it is lifted already."""
    with transaction.atomic():
        held = LegalHold.objects.select_for_update().filter(pk=hold_id, lifted_at=None).first()
        if held is None:
            raise errors.NotFound("There is no such hold any more.")
        held.lifted_at, held.lifted_by = now, actor.id or actor.kind
        held.save(update_fields=["lifted_at", "lifted_by"])
        _note(actor, "legal_hold_lifted", held, now=now)


def on_employee(employee_id: uuid.UUID) -> bool:
    """Whether the data of this person are held."""
    return LegalHold.objects.filter(employee_id=employee_id, lifted_at=None).exists()


def on_notification(notification_id: uuid.UUID) -> bool:
    """Whether this notification is held."""
    return LegalHold.objects.filter(notification=notification_id, lifted_at=None).exists()


def _note(actor: audit.Actor, action: str, hold: LegalHold, *, now: datetime) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="employee" if hold.employee_id else "notification",
        subject_id=hold.employee_id or hold.notification,
        data={"hold": str(hold.pk)},
    )
