"""Asking before answering: a question to the requester or to the sub-system, and the reply.

Both stay with the request, for everybody who sees it. The request goes on waiting meanwhile.
"""

import uuid
from datetime import datetime

from django.db import transaction

from accounts.subsystems import Caller
from hub.lib import clock, errors
from hub.lib.columns import CurrentTransactionId
from notifications import closing, delegated, ending, errands, inbox, reports, waiting
from notifications.approvals import refusals, respond
from notifications.callbacks import events
from notifications.models import Delivery, Errand, Notification, Question, Recipient

QUESTIONS_AT_MOST = 50  # about one request


class AlreadyAsked(errors.HubError):
    """This person's last question to the same addressee has no reply yet."""

    code, status, title = "already_asked", 409, "Already asked"


class AlreadyReplied(errors.HubError):
    """The question has its reply."""

    code, status, title = "already_replied", 409, "Already replied"


@transaction.atomic
def ask(
    *, employee_id: uuid.UUID, notification_id: uuid.UUID, to: str, text: str, now: datetime
) -> inbox.Item:
    """Ask instead of answering; the item as it is afterwards.

    The requester gets a copy and is pushed; the sub-system gets the event `question.asked`. Raises
    NotFound, what an answer would be refused with, AlreadyAsked, and Invalid where there is no
    requester who could reply, or more questions than a request can hold.
    """
    notification = _seen(employee_id, notification_id)
    respond.refuse_closed(notification, employee_id=employee_id, now=now)
    given = delegated.grants(employee_id=employee_id, now=now)
    free = waiting.free_seats(employee_id, standing_in=given).filter(notification=notification)
    holders = list(free.values_list("holder_id", "holder__employee_id").order_by("step", "id"))
    if not holders:
        raise refusals.NotYoursToAnswer("Only who is asked may ask back.")
    asked = Question.objects.filter(notification=notification)
    if asked.filter(asker_id=employee_id, to=to, replied_at=None).exists():
        raise AlreadyAsked("Your last question has no reply yet.")
    number = asked.count() + 1
    if number > QUESTIONS_AT_MOST:
        raise _invalid("/text", "too_many", "So much has been asked already. Answer, or call.")
    question = Question.objects.create(
        notification=notification, asker_id=employee_id, to=to, text=text, asked_at=now
    )
    if to == Question.To.REQUESTER:
        _show_requester(notification, number=number, now=now)
    else:
        events.emit(
            notification,
            type_="question.asked",
            facts={
                "question_id": str(question.id),
                "version": notification.version,
                "text": text,
                "actor": {
                    "employee_id": question.asker.employee_id,
                    "on_behalf_of": _in_whose_name(employee_id, holders),
                },
                "asked_at": clock.text(now),
            },
            now=now,
        )
    closing.announce(notification, now=now)
    return inbox.item(employee_id=employee_id, notification_id=notification_id)


@transaction.atomic
def reply(
    *,
    employee_id: uuid.UUID,
    notification_id: uuid.UUID,
    question_id: uuid.UUID,
    text: str,
    now: datetime,
) -> inbox.Item:
    """The requester replies to a question that was put to them; the item as it is afterwards.

    Raises NotFound, NotYoursToAnswer for who is not the requester, AlreadyReplied, and what a late
    answer would be refused with.
    """
    notification = _seen(employee_id, notification_id)
    if notification.requester_id != employee_id:
        raise refusals.NotYoursToAnswer("Only the requester replies.")
    question = _question(notification, question_id, to=Question.To.REQUESTER)
    if not _is_repeated(question, text):
        respond.refuse_closed(notification, employee_id=employee_id, now=now)
        _keep(notification, question, text=text, by=employee_id, now=now)
    return inbox.item(employee_id=employee_id, notification_id=notification_id)


@transaction.atomic
def reply_by_subsystem(
    *,
    caller: Caller,
    notification_id: uuid.UUID,
    question_id: uuid.UUID,
    text: str,
    now: datetime,
) -> Notification:
    """The sender replies to a question that was put to it.

    Raises NotFound, AlreadyReplied, and AlreadyClosed with the record.
    """
    notification = ending.lock(reports.sent(caller=caller), notification_id)
    question = _question(notification, question_id, to=Question.To.SUBSYSTEM)
    if not _is_repeated(question, text):
        ending.refuse_closed(notification)
        _keep(notification, question, text=text, by=None, now=now)
    return notification


def _in_whose_name(asker_id: uuid.UUID, holders: list[tuple[uuid.UUID, str]]) -> str | None:
    """For whom somebody asks who is not asked themselves; None for who is."""
    if any(holder == asker_id for holder, _ in holders):
        return None
    return holders[0][1]


def _seen(employee_id: uuid.UUID, notification_id: uuid.UUID) -> Notification:
    """The notification, locked, if the person sees it; raises NotFound otherwise."""
    if not inbox.has(employee_id=employee_id, notification_id=notification_id):
        raise errors.NotFound("There is no such notification in your inbox.")
    return Notification.objects.select_for_update(no_key=True).get(id=notification_id)


def _question(notification: Notification, question_id: uuid.UUID, *, to: str) -> Question:
    found = Question.objects.filter(notification=notification, id=question_id, to=to).first()
    if found is None:
        raise errors.NotFound("There is no such question.")
    return found


def _is_repeated(question: Question, text: str) -> bool:
    """Whether this very reply has been given already. Raises AlreadyReplied for another one."""
    if question.replied_at is None:
        return False
    if str(question.reply) != text:
        raise AlreadyReplied("It has its reply; a reply can't be changed.")
    return True


def _keep(
    notification: Notification,
    question: Question,
    *,
    text: str,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """Write the reply and let the asker know."""
    question.reply, question.replied_by_id, question.replied_at = text, by, now
    question.save(update_fields=["reply", "replied_by", "replied_at"])
    closing.announce(notification, now=now)
    earlier = Question.objects.filter(notification=notification, asked_at__lte=question.asked_at)
    _push(notification, question.asker_id, purpose=f"reply{earlier.count()}", now=now)


def _show_requester(notification: Notification, *, number: int, now: datetime) -> None:
    """Give the requester a copy, or bring theirs back to the top; and push."""
    requester = notification.requester
    if requester is None or requester.disabled_at is not None:
        raise _invalid("/to", "no_requester", "This request has no requester who could reply.")
    _, is_new = Recipient.objects.update_or_create(
        employee=requester,
        notification=notification,
        defaults={
            "arrived_at": now,
            "archived_at": None,
            "changed_in": CurrentTransactionId(),
        },
        create_defaults={"arrived_at": now},
    )
    purpose = Delivery.Purpose.SHOW.value if is_new else f"ask{number}"
    _push(notification, requester.id, purpose=purpose, now=now)


def _push(
    notification: Notification, employee_id: uuid.UUID, *, purpose: str, now: datetime
) -> None:
    """Push to one person. What was shown already comes again under a purpose of its own."""
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=purpose,
        size=1,
        employees=(employee_id, employee_id),
        due_at=now,
        now=now,
    )


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
