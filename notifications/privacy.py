"""What the story holds of a person, for an export and an erasure."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from hub.lib.portions import Person, Portion, by, delete
from notifications.models import (
    DecisionReceipt,
    Delegation,
    Delivery,
    Digest,
    Digested,
    Mail,
    Notification,
    OptOut,
    Preference,
    Question,
    Recipient,
    Response,
    Seat,
)

ERASED = "(erased)"


def decided_since(*, employee_id: uuid.UUID, since: datetime) -> bool:
    """Whether the person answered anything since then, or somebody did for them."""
    return answered(employee_id).filter(responded_at__gte=since).exists()


def answered(employee_id: uuid.UUID) -> QuerySet[Response]:
    """The answers of a person, and those that others gave for them."""
    return Response.objects.filter(Q(actor_id=employee_id) | Q(on_behalf_of_id=employee_id))


def _received(person: Person) -> QuerySet[Notification]:
    copies = Recipient.objects.filter(employee_id=person.id).values("notification_id")
    return (
        Notification.objects.filter(pk__in=copies)
        .select_related("subsystem", "category")
        .order_by("pk")
    )


def _card(row: Notification) -> dict[str, Any]:
    """What the person may read of it; not who else got it."""
    return {
        "id": row.pk,
        "subsystem": row.subsystem.key,
        "category": row.category.key,
        "kind": row.kind,
        "state": row.state,
        "created_at": row.created_at,
        **row.card,
    }


def _deliveries(person: Person) -> QuerySet[Delivery]:
    # By the copies, which an index finds: of deliveries alone there is none by person.
    copies = Recipient.objects.filter(employee_id=person.id).values("notification_id")
    return Delivery.objects.filter(notification_id__in=copies, employee_id=person.id)


def _digested(person: Person) -> QuerySet[Digested]:
    return Digested.objects.filter(digest__employee_id=person.id)


def _delegations(person: Person) -> QuerySet[Delegation]:
    return Delegation.objects.filter(Q(principal_id=person.id) | Q(delegate_id=person.id))


def _questions(person: Person) -> QuerySet[Question]:
    return Question.objects.filter(Q(asker_id=person.id) | Q(replied_by_id=person.id))


def _own_words(row: Question) -> dict[str, Any]:
    return {"notification": row.notification_id, "text": row.text, "asked_at": row.asked_at,
            "reply": row.reply, "replied_at": row.replied_at}  # fmt: skip


def _blank_words(rows: QuerySet[Question]) -> int:
    count = 0
    for row in rows.iterator():
        row.text = ERASED
        if row.reply is not None:
            row.reply = ERASED
        row.save(update_fields=["text", "reply"])
        count += 1
    return count


def _seats(person: Person) -> QuerySet[Seat]:
    return Seat.objects.filter(Q(principal_id=person.id) | Q(holder_id=person.id))


def _responses(person: Person) -> QuerySet[Response]:
    return answered(person.id).select_related("actor", "on_behalf_of")


def _receipts(person: Person) -> QuerySet[DecisionReceipt]:
    return DecisionReceipt.objects.filter(response__in=answered(person.id))


_LAW = "a decision, which the law keeps; its person is unnamed after the legal period"

# In this order an erasure goes: deliveries are found by the copies.
PORTIONS = (
    Portion(
        Notification,
        _received,
        show=_card,
        kept="the sender's: goes by its category's retention, or by the sender's order",
    ),
    Portion(Delivery, _deliveries, erase=delete),
    Portion(Recipient, by("employee", Recipient), erase=delete),
    Portion(Mail, by("employee", Mail), erase=delete),
    Portion(Digested, _digested, erase=delete),
    Portion(Digest, by("employee", Digest), erase=delete),
    Portion(Delegation, _delegations, erase=delete),
    Portion(Preference, by("employee", Preference), erase=delete),
    Portion(OptOut, by("employee", OptOut), erase=delete),
    Portion(Question, _questions, erase=_blank_words, show=_own_words),
    Portion(Seat, _seats, kept=_LAW),
    Portion(Response, _responses, kept=_LAW),
    Portion(DecisionReceipt, _receipts, kept=_LAW),
)

ELSEWHERE: Mapping[type[Model] | str, str] = {
    "notifications.Attachment": "the sender's, as what it is attached to, and goes with that",
    "notifications.CallbackEvent": "copies of answers for the sub-system, purged after 90 days",
    "notifications.Tombstone": "ids, so that phones drop what is gone; for 35 days",
    "notifications.Decision": "names nobody: its answer does, which is in the export",
    "notifications.Errand": "a range of ids, until the work is done",
}
