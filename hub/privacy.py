"""Somebody's data across all apps: a copy of them, and their end. See docs/privacy.md.

An erasure is written into a journal outside of the database before it begins, so that one that was
carried out after a backup is carried out again when that backup is restored.
"""

import hashlib
import io
import json
import os
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.html import escape

from accounts import audit
from accounts.models import Employee, PrivacyRequest
from accounts.privacy import archives, erasure, holds, requests
from accounts.privacy import portions as accounts_portions
from hub.lib import clock, logging
from hub.lib.portions import Person, Portion
from notifications import privacy as notifications_portions
from selfserve import privacy as selfserve_portions

log = logging.get(__name__)

PORTIONS: tuple[Portion, ...] = (
    *accounts_portions.PORTIONS,
    *selfserve_portions.PORTIONS,
    *notifications_portions.PORTIONS,
)
ELSEWHERE: Mapping[Any, str] = {
    **accounts_portions.ELSEWHERE,
    **selfserve_portions.ELSEWHERE,
    **notifications_portions.ELSEWHERE,
}


def carry_out(*, now: datetime) -> int:
    """Do what was approved, one request a transaction; how many."""
    count = 0
    while (asked := _next()) is not None:
        with transaction.atomic():
            locked = PrivacyRequest.objects.select_for_update(skip_locked=True)
            mine = locked.filter(pk=asked, state=PrivacyRequest.State.APPROVED).first()
            if mine is None:
                break  # another worker is at it
            _carry_out(mine, now=now)
        count += 1
    return count


def _next() -> uuid.UUID | None:
    approved = PrivacyRequest.objects.filter(state=PrivacyRequest.State.APPROVED)
    # What is held waits for the hold to be lifted.
    held = Employee.objects.filter(legalhold__lifted_at=None, legalhold__isnull=False)
    waiting = approved.exclude(kind=PrivacyRequest.Kind.ERASURE, employee__in=held)
    return waiting.order_by("due_at").values_list("pk", flat=True).first()


def _carry_out(asked: PrivacyRequest, *, now: datetime) -> None:
    if asked.kind == PrivacyRequest.Kind.ERASURE:
        requests.done(asked, receipt=erase(employee_id=asked.employee_id, now=now), now=now)
        return
    content = copy(employee_id=asked.employee_id, now=now)
    archives.keep(asked, content, now=now)
    digest = hashlib.sha256(content).hexdigest()
    requests.done(asked, receipt={"bytes": len(content), "sha256": digest}, now=now)


def copy(*, employee_id: uuid.UUID, now: datetime) -> bytes:
    """A zip with everything the hub holds of a person: as JSON, and to be read."""
    person = _person(employee_id)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        tables = []
        for portion in PORTIONS:
            rows = [_plain(row) for row in portion.shown(person)]
            tables.append({"table": portion.name, "purposes": portion.purposes, "rows": rows})
        said = {"made_at": clock.text(now), "employee_id": person.employee_id, "tables": tables}
        archive.writestr("data.json", json.dumps(said, indent=1, ensure_ascii=False))
        archive.writestr("data.html", "".join(_page(said)))
    return made.getvalue()


def erase(*, employee_id: uuid.UUID, now: datetime, reason: str = "erased") -> dict[str, Any]:
    """End what the hub holds of a person, but for what the law keeps; the receipt: rows by table.

    Doing it again changes nothing. Raises Held under a legal hold.
    """
    if holds.on_employee(employee_id):
        raise requests.Held("The data of this person are under a legal hold.")
    person = _person(employee_id)
    journal(employee_id=employee_id, reason=reason, now=now)
    with transaction.atomic():
        erasure.close_account(employee_id=employee_id, keep_out=reason == "erased", now=now)
        rows = {
            portion.name: portion.erase(portion.rows(person))
            for portion in PORTIONS
            if portion.erase is not None
        }
        named = notifications_portions.decided_since(
            employee_id=employee_id, since=now - settings.DECISIONS_KEPT
        )
        erasure.blank(employee_id=employee_id, named=named, now=now)
        audit.record(
            now=now,
            actor=audit.HUB,
            action="employee_erased",
            subject_kind="employee",
            subject_id=employee_id,
            data={"rows": rows, "named": named, "reason": reason},
        )
    log.info("employee_erased", employee=str(employee_id), rows=sum(rows.values()))
    return {"rows": rows, "named_for_decisions": named}


def journal(*, employee_id: uuid.UUID, reason: str, now: datetime) -> None:
    """Append an erasure to the journal, to the disk; without ERASURE_JOURNAL there is none."""
    if not settings.ERASURE_JOURNAL:
        return
    line = {"at": clock.text(now), "employee": str(employee_id), "reason": reason}
    with Path(settings.ERASURE_JOURNAL).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def reapply(*, now: datetime) -> int:
    """Erase again whoever the journal names and the database has; how many.

    Run after every migration and by `manage.py reapply_erasures`, so before a restored database
    serves anybody. A torn last line is an erasure that never began.
    """
    path = Path(settings.ERASURE_JOURNAL) if settings.ERASURE_JOURNAL else None
    if path is None or not path.exists():
        return 0
    named: dict[uuid.UUID, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            named[uuid.UUID(entry["employee"])] = str(entry["reason"])
        except (ValueError, KeyError, TypeError):
            log.warning("erasure_journal_line_bad")
    back = Employee.objects.filter(pk__in=named, erased_at=None).values_list("pk", flat=True)
    count = 0
    for employee_id in list(back):
        try:
            erase(employee_id=employee_id, reason=named[employee_id], now=now)
        except requests.Held:
            log.warning("erasure_held", employee=str(employee_id))
            continue
        count += 1
    return count


def _person(employee_id: uuid.UUID) -> Person:
    row = Employee.objects.get(pk=employee_id)
    return Person(row.pk, row.employee_id)


def _plain(row: dict[str, Any]) -> Any:
    return json.loads(json.dumps(row, cls=DjangoJSONEncoder))


def _page(said: dict[str, Any]) -> Iterator[str]:
    yield (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Your data</title>'
        "<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #999;padding:.3em;text-align:left;vertical-align:top}</style>"
        f"<h1>Your data, {escape(said['made_at'])}</h1>"
    )
    for table in said["tables"]:
        yield f"<h2>{escape(table['table'])}</h2>"
        if not table["rows"]:
            yield "<p>Nothing.</p>"
            continue
        yield "<table><tr>"
        yield from (f"<th>{escape(column)}</th>" for column in table["rows"][0])
        for row in table["rows"]:
            yield "</tr><tr>"
            yield from (f"<td>{escape(_text(value))}</td>" for value in row.values())
        yield "</tr></table>"
    yield "</html>"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
