"""What became of what was handed in: by the sub-system's answers, and by what it sent about it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, cast

from accounts.models import Employee
from hub.lib import clock, cursors
from notifications import delegated, inbox
from selfserve import definition, wording
from selfserve.models import Module, Submission


class Keeper:
    """Submissions, as the story has to do with them: see `notifications.submissions.Keeper`."""

    def exists(self, *, reference: str, subsystem_id: uuid.UUID) -> bool:
        """Whether something was handed in to that sub-system under this reference."""
        return Submission.objects.filter(
            reference=reference, module__subsystem_id=subsystem_id
        ).exists()

    def settle(self, *, reference: str, outcome: str, message: str, now: datetime) -> None:
        """Note the sub-system's word, in the caller's transaction; a final one stays."""
        row = Submission.objects.select_for_update().filter(reference=reference).first()
        if row is None or row.outcome in Submission.FINAL:
            return
        row.outcome, row.outcome_message, row.outcome_at = outcome, message or None, now
        row.save(update_fields=["outcome", "outcome_message", "outcome_at"])


class About(TypedDict):
    """A notification that the sub-system sent about it."""

    id: str
    title: str
    state: str
    arrived_at: str


class Told(TypedDict):
    """A submission as its employee reads it."""

    reference: str
    module: dict[str, str]
    submitted_at: str
    outcome: str
    message: str | None
    outcome_at: str | None
    notifications: list[About]


@dataclass(frozen=True, slots=True)
class Page:
    """A page, newest first; `after` is None on the last one."""

    entries: list[Told]
    after: str | None


def page(
    *, employee_id: uuid.UUID, now: datetime, after: str | None = None, page_size: int = 50
) -> Page:
    """What this person handed in, newest first. Raises Invalid for a bad cursor."""
    rows = Submission.objects.filter(employee_id=employee_id).select_related("module")
    if after is not None:
        try:
            rows = rows.filter(id__lt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.defer("inputs").order_by("-id")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    language = Employee.objects.values_list("language", flat=True).get(pk=employee_id)
    threads = _threads(found, employee_id=employee_id, now=now)
    entries: list[Told] = [
        {
            "reference": row.reference,
            "module": {"key": row.module.key, "name": _name(row.module, language)},
            "submitted_at": clock.text(row.submitted_at),
            "outcome": row.outcome,
            "message": cast("str | None", row.outcome_message),
            "outcome_at": clock.text(row.outcome_at),
            "notifications": threads.get(row.reference, []),
        }
        for row in found
    ]
    return Page(entries, cursors.encode(found[-1].id) if more else None)


def _threads(
    found: list[Submission], *, employee_id: uuid.UUID, now: datetime
) -> dict[str, list[About]]:
    """What was sent about each, as far as this person received it, the oldest first."""
    references = {row.reference: row.module.subsystem_id for row in found}
    told: dict[str, list[About]] = {}
    reader = delegated.reader(employee_id=employee_id, now=now)
    copies = inbox.copies(reader).filter(notification__submission__in=references)
    for copy in copies.order_by("notification_id"):
        about = copy.notification
        if references[about.submission] == about.subsystem_id:
            told.setdefault(about.submission, []).append(
                {
                    "id": str(about.id),
                    "title": about.card["title"],
                    "state": about.state,
                    "arrived_at": clock.text(copy.arrived_at),
                }
            )
    return told


def _name(module: Module, language: str) -> str:
    """Its name as it is shown; its key where it is shown no more."""
    if module.shown is None:
        return module.key
    names = definition.read(module.shown).names
    return wording.pick(names, language=language or wording.DEFAULT)
