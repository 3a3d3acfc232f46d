"""What people said: which notice they accepted, and to which purposes they consent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.devices import Session
from accounts.models import Acceptance, Consent, Employee, PrivacyNotice
from accounts.privacy import notices
from hub.lib import errors


@dataclass(frozen=True)
class Said:
    """What somebody accepted and consented to, the latest first; `due` is still to be accepted."""

    due: PrivacyNotice | None
    accepted: Sequence[Acceptance]
    consents: Sequence[Consent]


def of(*, employee_id: uuid.UUID, now: datetime) -> Said:
    """Everything an employee said, withdrawn consents included."""
    required = notices.to_accept(now=now)
    number = Employee.objects.values_list("accepted_notice", flat=True).get(pk=employee_id)
    due = required if required is not None and (required.number or 0) > number else None
    return Said(
        due,
        list(
            Acceptance.objects.filter(employee_id=employee_id)
            .select_related("notice")
            .order_by("-accepted_at")
        ),
        list(Consent.objects.filter(employee_id=employee_id).order_by("-given_at", "-pk")),
    )


def accept(*, session: Session, version: str, now: datetime) -> None:
    """Record that the employee accepts a published version; a second time changes nothing.

    Raises Invalid for a version that nobody can read.
    """
    notice = PrivacyNotice.objects.filter(version=version, number__isnull=False).first()
    if notice is None or notice.number is None:
        raise _invalid("/notice", "unknown_notice", "There is no such privacy notice.")
    with transaction.atomic():
        _, made = Acceptance.objects.get_or_create(
            employee_id=session.employee_id,
            notice=notice,
            defaults={"accepted_at": now, "device": session.device_id},
        )
        Employee.objects.filter(pk=session.employee_id, accepted_notice__lt=notice.number).update(
            accepted_notice=notice.number
        )
        if made:
            _note(session, "privacy_notice_accepted", now=now, version=version)


def give(*, session: Session, purpose: str, now: datetime) -> None:
    """Record a consent; a second one changes nothing. Raises Invalid for an unknown purpose."""
    if purpose not in settings.CONSENT_PURPOSES:
        known = ", ".join(settings.CONSENT_PURPOSES)
        raise _invalid("/purpose", "unknown_purpose", f"The purposes are: {known}.")
    notice = notices.in_effect(now=now)
    with transaction.atomic():
        _, made = Consent.objects.get_or_create(
            employee_id=session.employee_id,
            purpose=purpose,
            withdrawn_at=None,
            defaults={
                "given_at": now,
                "device": session.device_id,
                "version": "" if notice is None else notice.version,
            },
        )
        if made:
            _note(session, "consent_given", now=now, purpose=purpose)


def withdraw(*, session: Session, purpose: str, now: datetime) -> None:
    """End a consent, from now on. Raises NotFound if none is given."""
    with transaction.atomic():
        given = Consent.objects.filter(
            employee_id=session.employee_id, purpose=purpose, withdrawn_at=None
        )
        if not given.update(withdrawn_at=now):
            raise errors.NotFound("You have not consented to that.")
        _note(session, "consent_withdrawn", now=now, purpose=purpose)


def holds(*, employee_id: uuid.UUID, purpose: str) -> bool:
    """Whether the employee consents to a purpose at present."""
    return Consent.objects.filter(
        employee_id=employee_id, purpose=purpose, withdrawn_at=None
    ).exists()


def _note(session: Session, action: str, *, now: datetime, **data: str) -> None:
    audit.record(
        now=now,
        actor=audit.Actor("employee", str(session.employee_id)),
        action=action,
        subject_kind="employee",
        subject_id=session.employee_id,
        data={"device": str(session.device_id), **data},
    )


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
