"""Who among the staff looked at whose data: every such look is on the audit log."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from accounts import audit


def actor(request: HttpRequest) -> audit.Actor:
    """The signed-in member of the staff, as the audit log names them."""
    return audit.Actor("staff", str(request.user.pk))


def note(
    request: HttpRequest,
    *,
    kind: str,
    subject_id: object,
    now: datetime,
    people: Iterable[object] = (),
    **data: object,
) -> None:
    """Record that the data of a subject, and of `people` (their ids) with it, are being shown.

    Called before the page is sent: what could not be recorded is not shown.
    """
    shown = {**data, "people": [str(person) for person in people]}
    with transaction.atomic():
        audit.record(
            now=now,
            actor=actor(request),
            action="personal_data_read",
            subject_kind=kind,
            subject_id=subject_id,
            data={key: value for key, value in shown.items() if value},
        )
