"""What becomes of the employee's own row: an empty name plate that other rows may point to."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import audit, people
from accounts.models import Employee, KeptOut


def close_account(*, employee_id: uuid.UUID, keep_out: bool, now: datetime) -> None:
    """End every session; with `keep_out` the directory brings this person back no more."""
    if keep_out:
        people.keep_out(
            employee_id=employee_id, reason=KeptOut.Reason.ERASED, actor=audit.HUB, now=now
        )
    else:
        people.set_disabled(employee_id=employee_id, reason="left", actor=audit.HUB, now=now)


def blank(*, employee_id: uuid.UUID, named: bool, now: datetime) -> None:
    """Forget who it was. While `named`, id and name stay for the decisions that the law keeps."""
    with transaction.atomic():
        Employee.objects.filter(pk=employee_id).update(
            object_guid=uuid.uuid4(),
            user_name=pseudonym(employee_id),
            mail="",
            department="",
            geo="",
            title="",
            manager=None,
            language="",
            time_zone="",
            expires_at=None,
            erased_at=now,
        )
        if not named:
            unname(employee_id=employee_id)


def unname(*, employee_id: uuid.UUID) -> None:
    """Let nothing be left but a pseudonym."""
    Employee.objects.filter(pk=employee_id).update(
        employee_id=pseudonym(employee_id), display_name="(erased)"
    )


def pseudonym(employee_id: uuid.UUID) -> str:
    """What stands where a name stood."""
    return f"erased:{employee_id}"
