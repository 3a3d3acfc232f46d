"""What the self-serve part holds of a person, for an export and an erasure."""

import base64
from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet

from hub.lib.portions import Person, Portion, by, delete
from notifications.models import CallbackEvent
from selfserve.models import CaptureConsent, Captured, LaunchCode, ModuleUse, Submission


def _submissions(person: Person) -> QuerySet[Submission]:
    return Submission.objects.filter(employee_id=person.id).select_related("module").order_by("pk")


def _submission(row: Submission) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "module": row.module.key,
        "submitted_at": row.submitted_at,
        "inputs": row.inputs,
        "outcome": row.outcome,
        "message": row.outcome_message,
        "outcome_at": row.outcome_at,
    }


def _end_submissions(rows: QuerySet[Submission]) -> int:
    """With what is still to be told of them; what was told is the sub-system's to erase."""
    references = list(rows.values_list("reference", flat=True))
    CallbackEvent.objects.filter(submission__in=references).delete()
    return delete(rows)


def _captured(person: Person) -> QuerySet[Captured]:
    # Contents are read one by one: each may be of megabytes.
    rows = Captured.objects.filter(employee_id=person.id).select_related("module")
    return rows.defer("content").order_by("pk")


def _file(row: Captured) -> dict[str, Any]:
    content = row.content
    assert isinstance(content, bytearray)
    return {
        "module": row.module.key,
        "input": row.input,
        "kind": row.kind,
        "media_type": row.media_type,
        "captured_at": row.captured_at,
        "content_base64": base64.b64encode(content).decode(),
    }


# In this order an erasure goes.
PORTIONS = (
    Portion(Captured, _captured, erase=delete, show=_file),
    Portion(CaptureConsent, by("employee", CaptureConsent), erase=delete),
    Portion(Submission, _submissions, erase=_end_submissions, show=_submission),
    Portion(LaunchCode, by("employee", LaunchCode), erase=delete),
    Portion(ModuleUse, by("employee", ModuleUse), erase=delete),
)

ELSEWHERE: Mapping[type[Model] | str, str] = {
    "selfserve.Module": "an audience may name employees by their ids, while it is registered",
}
