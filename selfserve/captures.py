"""Files, photos and places of employees: taken with their consent, erased when they withdraw it."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from hub.lib import errors
from selfserve import catalogue, inputs
from selfserve.models import CaptureConsent, Captured, Module, Submission

LOOSE_AT_MOST = 20  # of one employee, not handed in yet


class ConsentNeeded(errors.HubError):
    """The employee has not agreed that this module gets such data; `kind` says which."""

    code, status, title = "capture_consent_needed", 403, "The employee has not agreed"


class TooManyLoose(errors.HubError):
    """Many files were uploaded and not handed in."""

    code, status, title = "too_many_files", 409, "Too many files wait to be handed in"


def agreed(*, employee_id: uuid.UUID, module: Module) -> set[str]:
    """The kinds that the employee lets this module have."""
    given = CaptureConsent.objects.filter(employee_id=employee_id, module=module)
    return set(given.values_list("kind", flat=True))


def agree(*, employee_id: uuid.UUID, key: str, kind: str, now: datetime) -> None:
    """The employee lets the module have such data. Raises NotFound if its form asks for none."""
    seen = catalogue.one(employee_id=employee_id, key=key)
    asked = (seen.definition.form or {}).get("inputs", ())
    if kind not in {one["type"] for one in asked} & set(inputs.CAPTURED):
        raise errors.NotFound("This module asks for nothing of that kind.")
    with transaction.atomic():
        _, made = CaptureConsent.objects.get_or_create(
            employee_id=employee_id, module=seen.module, kind=kind, defaults={"given_at": now}
        )
        if made:
            _note("capture_consent_given", seen.module, employee_id, now=now, kind=kind)


def withdraw(*, employee_id: uuid.UUID, key: str, kind: str, now: datetime) -> None:
    """The module gets no more of it, and the hub erases what it holds; of the rest see docs.

    It works for a module that the employee sees no more. Repeating changes nothing. Raises
    NotFound for a module with which the employee has nothing to do.
    """
    with transaction.atomic():
        module = Module.objects.filter(key=key).first()
        if module is None:
            raise catalogue.absent()
        consent = CaptureConsent.objects.filter(employee_id=employee_id, module=module, kind=kind)
        held = Captured.objects.filter(employee_id=employee_id, module=module, kind=kind)
        withdrawn, erased = consent.delete()[0], held.delete()[0]
        if withdrawn or erased:
            _note(
                "capture_consent_withdrawn", module, employee_id, now=now, kind=kind, erased=erased
            )
        elif not catalogue.contains(module, employee_id=employee_id):
            raise catalogue.absent()


def upload(
    *,
    employee_id: uuid.UUID,
    key: str,
    name: str,
    media_type: str,
    content: bytes,
    now: datetime,
) -> Captured:
    """Keep a file or photo for an input of a form, sealed, for a day until it is handed in.

    Raises NotFound, ConsentNeeded, TooManyLoose, and Invalid with /media_type or /content.
    """
    seen = catalogue.one(employee_id=employee_id, key=key)
    asked = (seen.definition.form or {}).get("inputs", ())
    one = next((one for one in asked if one["name"] == name), None)
    if one is None or one["type"] not in {"file", "photo"}:
        raise _invalid("/input", "unknown", "The form has no such file or photo.")
    if media_type not in inputs.media_types(one):
        among = ", ".join(inputs.media_types(one))
        raise _invalid("/media_type", "invalid_choice", f"One of: {among}.")
    if len(content) > inputs.size_at_most(one):
        raise _invalid("/content", "too_long", f"At most {inputs.size_at_most(one)} bytes.")
    if not inputs.fits(media_type, content):
        raise _invalid("/content", "not_of_type", "The content is not of that type.")
    with transaction.atomic():
        need_consent(employee_id=employee_id, module=seen.module, kind=one["type"])
        if Captured.objects.filter(employee_id=employee_id, submission=None).count() >= (
            LOOSE_AT_MOST
        ):
            raise TooManyLoose("Hand in what was uploaded, or wait a day.")
        return _keep(
            employee_id=employee_id,
            module=seen.module,
            one=one,
            media_type=media_type,
            content=content,
            now=now,
        )


def attach(*, submission: Submission, asked: Mapping[str, Any], given: inputs.Given) -> None:
    """Make files and places part of a submission, in the caller's transaction.

    Raises ConsentNeeded, and Invalid for what was not uploaded for that input.
    """
    whose: Any = {"employee_id": submission.employee_id, "module": submission.module}
    by_name = {one["name"]: one for one in asked["inputs"]}
    for name in (*given.files, *given.places):
        need_consent(**whose, kind=by_name[name]["type"])
    flaws = []
    for name, file_id in given.files.items():
        loose = Captured.objects.filter(pk=file_id, submission=None, input=name, **whose)
        if not loose.filter(kind=by_name[name]["type"]).update(submission=submission):
            flaws.append(inputs.unknown_file(name))
    if flaws:
        raise errors.Invalid("The inputs are not what this form asks for.", errors=flaws)
    for name, place in given.places.items():
        _keep(
            **whose,
            one=by_name[name],
            media_type="application/json",
            content=json.dumps(place).encode(),
            now=submission.submitted_at,
            submission=submission,
        )


def need_consent(*, employee_id: uuid.UUID, module: Module, kind: str) -> None:
    """Raise ConsentNeeded unless it is there; locked, so that it is not withdrawn meanwhile."""
    given = CaptureConsent.objects.filter(employee_id=employee_id, module=module, kind=kind)
    if not given.select_for_update().exists():
        raise ConsentNeeded(
            "Ask the employee whether this module may have it.", data={"kind": kind}
        )


def _keep(
    *,
    employee_id: uuid.UUID,
    module: Module,
    one: Mapping[str, Any],
    media_type: str,
    content: bytes,
    now: datetime,
    submission: Submission | None = None,
) -> Captured:
    row = Captured(
        employee_id=employee_id,
        module=module,
        submission=submission,
        input=one["name"],
        kind=one["type"],
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=bytearray(content),
        captured_at=now,
    )
    row.save(force_insert=True)
    return row


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])


def _note(
    action: str, module: Module, employee_id: uuid.UUID, *, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=audit.Actor("employee", str(employee_id)),
        action=action,
        subject_kind="module",
        subject_id=module.pk,
        data={"key": module.key, **data},
    )
