"""A sub-system orders that what it sent about somebody is erased, by its own reference."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction

from accounts import audit
from accounts.privacy import holds
from accounts.subsystems import Caller
from notifications import closing, reports, retention
from notifications.models import CallbackEvent, Notification, Question, Response

# Of an event for the sub-system: what is words, and not who did what when.
_WORDS = ("comment", "inputs", "metadata", "text", "reply", "reason", "settlement")


@dataclass(frozen=True, slots=True)
class Erased:
    """How many were emptied, how many are open still, and how many are held by law."""

    erased: int
    open: int
    held: int


def by_reference(*, caller: Caller, reference: str, now: datetime) -> Erased:
    """Empty every closed notification, and every notice, of that reference.

    Its words go, with the comments, inputs, questions and what events quoted; that it was sent, to
    whom, and who decided what stays. What waits for answers is left: withdraw it first.
    """
    found = reports.sent(caller=caller).filter(reference=reference).order_by("pk")
    erased = still_open = held = 0
    for key in list(found.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Notification.objects.select_for_update().get(pk=key)
            if row.state not in Notification.CLOSED and not _is_shown_notice(row):
                still_open += 1
            elif holds.on_notification(key):
                held += 1
            else:
                _empty(row, caller=caller, now=now)
                erased += 1
    return Erased(erased, still_open, held)


def _is_shown_notice(row: Notification) -> bool:
    return row.kind == Notification.Kind.NOTICE and row.state == Notification.State.OPEN


def _empty(row: Notification, *, caller: Caller, now: datetime) -> None:
    retention.forget_words(row)
    row.requester = None
    row.save(update_fields=["requester"])
    Response.objects.filter(notification=row).update(comment=None, inputs=None)
    for question in Question.objects.filter(notification=row):
        question.text = retention.GONE
        question.reply = None if question.reply is None else retention.GONE
        question.save(update_fields=["text", "reply"])
    for event in CallbackEvent.objects.filter(notification=row).select_for_update():
        told = cast("dict[str, Any]", event.body)
        data = {name: value for name, value in told["data"].items() if name not in _WORDS}
        event.body = {**told, "data": data}
        event.save(update_fields=["body"])
    closing.announce(row, now=now)
    audit.record(
        now=now,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        action="content_erased",
        subject_kind="notification",
        subject_id=row.pk,
        data={"key": str(caller.key_id)},
    )
