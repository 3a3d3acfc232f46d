"""Forms: read in the employee's language, handed in once, told to the sub-system, kept track of."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.models import ApiKey, Employee
from accounts.subsystems import Caller
from hub.lib import clock, errors
from notifications.approvals.refusals import VersionChanged
from notifications.callbacks import events
from notifications.categories import LiveKeyNeeded
from selfserve import captures, catalogue, counts, inputs, wording
from selfserve.catalogue import Seen
from selfserve.models import Captured, Submission

# Without the letters that are mistaken for digits, or for each other.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Form:
    """A form as one employee fills it in: `agreed` are the kinds of captured data they allow."""

    seen: Seen
    inputs: list[dict[str, Any]]
    agreed: set[str]


def read(*, employee_id: uuid.UUID, key: str) -> Form:
    """The form of a module. Raises NotFound for one that they do not see or that has none."""
    seen = catalogue.one(employee_id=employee_id, key=key)
    person = Employee.objects.values_list("language", flat=True).get(pk=employee_id)
    asked = [_in_language(one, person) for one in _asked(seen)["inputs"]]
    return Form(seen, asked, captures.agreed(employee_id=employee_id, module=seen.module))


def hand_in(
    *, employee_id: uuid.UUID, key: str, version: int, given: Mapping[str, Any], now: datetime
) -> Submission:
    """Keep what was filled in under a new reference, and have its sub-system told.

    Raises NotFound, VersionChanged where another form was approved meanwhile, ConsentNeeded, and
    Invalid, telling every flaw by its pointer.
    """
    seen = catalogue.one(employee_id=employee_id, key=key)
    asked = _asked(seen)
    if version != seen.module.version:
        raise VersionChanged(
            "The form has changed: read it again.", data={"version": seen.module.version}
        )
    said = inputs.read(asked["inputs"], given)
    with transaction.atomic():
        submission = Submission(
            reference=new_reference(),
            module=seen.module,
            employee_id=employee_id,
            form_version=version,
            inputs=said.values,
            submitted_at=now,
        )
        submission.save(force_insert=True)
        captures.attach(submission=submission, asked=asked, given=said)
        events.emit_submission(
            subsystem=seen.module.subsystem,
            reference=submission.reference,
            facts=told(submission, seen=seen),
            now=now,
        )
        catalogue.note_use(employee_id=employee_id, module=seen.module, now=now)
        audit.record(
            now=now,
            actor=audit.Actor("employee", str(employee_id)),
            action="form_submitted",
            subject_kind="submission",
            subject_id=submission.pk,
            data={"module": key, "reference": submission.reference},
        )
        counts.add(seen.module, "submissions", now=now)
    return submission


def told(submission: Submission, *, seen: Seen) -> dict[str, Any]:
    """What the sub-system is told: what was written; what was captured, by where it is fetched."""
    person = Employee.objects.get(pk=submission.employee_id)
    claims = {name: getattr(person, name) for name in seen.definition.claims}
    return {
        "submission": submission.reference,
        "module": submission.module.key,
        "form_version": submission.form_version,
        "submitted_at": clock.text(submission.submitted_at),
        "employee": claims,
        "inputs": submission.inputs,
        "files": [_file(one, submission) for one in files_of(submission)],
    }


def files_of(submission: Submission) -> QuerySet[Captured]:
    """What was captured for it and is still held, without the contents."""
    return Captured.objects.filter(submission=submission).defer("content").order_by("input")


def file_for(*, caller: Caller, reference: str, name: str, now: datetime) -> Captured:
    """One file, photo or place of a submission to the caller, which is audited.

    Raises NotFound, also for what was erased since, and LiveKeyNeeded.
    """
    if caller.mode != ApiKey.Mode.LIVE:
        raise LiveKeyNeeded("What people hand in is told to a live key only.")
    with transaction.atomic():
        found = Captured.objects.filter(
            submission__reference=reference,
            submission__module__subsystem_id=caller.subsystem_id,
            input=name,
        ).first()
        if found is None:
            raise errors.NotFound("There is no such file, or it was erased.")
        audit.record(
            now=now,
            actor=audit.Actor("subsystem", str(caller.subsystem_id)),
            action="submission_file_fetched",
            subject_kind="submission",
            subject_id=found.submission_id,
            data={"input": name, "kind": found.kind},
        )
    return found


def new_reference() -> str:
    """A reference that people can read to each other: 50 random bits, such as S-7KQ2M-0XW9A."""
    letters = [secrets.choice(_LETTERS) for _ in range(10)]
    return f"S-{''.join(letters[:5])}-{''.join(letters[5:])}"


def _asked(seen: Seen) -> dict[str, Any]:
    if seen.definition.form is None:
        raise errors.NotFound("This module has no form: open it.")
    return seen.definition.form


def _in_language(one: Mapping[str, Any], language: str) -> dict[str, Any]:
    labels = {wording.DEFAULT: one["label"], **one.get("labels", {})}
    told = {name: value for name, value in one.items() if name != "labels"}
    if one["type"] in {"file", "photo"}:
        told["max_bytes"] = inputs.size_at_most(one)
        told["media_types"] = list(inputs.media_types(one))
    return {**told, "label": wording.pick(labels, language=language or wording.DEFAULT)}


def _file(one: Captured, submission: Submission) -> dict[str, Any]:
    return {
        "input": one.input,
        "kind": one.kind,
        "media_type": one.media_type,
        "size": one.size,
        "sha256": one.sha256,
        "uri": f"/api/v1/submissions/{submission.reference}/files/{one.input}",
    }
