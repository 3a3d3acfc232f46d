"""What became of a decision at the sub-system: told by a callback's answer, or by a call.

recorded → sent → confirmed | refused | undeliverable. Confirmed and refused are final. A refusal
is pushed to those whose answers decided, since they believe the matter is done.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import closing, errands
from notifications.models import Decision, Delivery, Errand, Notification, Response


class NotDecided(errors.HubError):
    """There is no decision that anything could have become of."""

    code, status, title = "not_decided", 409, "Not decided"


class OutcomeFinal(errors.HubError):
    """Another outcome was told before, and it is final; the data hold it."""

    code, status, title = "outcome_final", 409, "The outcome is final"


def settle(notification: Notification, *, outcome: str, message: str, now: datetime) -> bool:
    """Set what became of a decision, unless its final word is known; False if it was.

    Everybody who received the request sees it in their change feed.
    """
    updated = (
        Decision.objects.filter(notification=notification)
        .exclude(outcome__in=Decision.FINAL)
        .update(outcome=outcome, outcome_message=message, outcome_at=now)
    )
    if updated:
        closing.announce(notification, now=now)
        if outcome == Decision.Outcome.REFUSED:
            _push_refusal(notification, now=now)
    return bool(updated)


def tell(
    *, caller: Caller, notification_id: uuid.UUID, status: str, message: str, now: datetime
) -> Notification:
    """The sub-system's word on a decision, by a call of its own; the notification then.

    The same word again is answered alike, and the first sentence stays. Raises NotFound,
    NotDecided, and OutcomeFinal where the other word was given before.
    """
    with transaction.atomic():
        notification = Notification.objects.filter(
            id=notification_id, subsystem_id=caller.subsystem_id, mode=caller.mode
        ).first()
        if notification is None:
            raise errors.NotFound("There is no such notification of your sub-system.")
        decision = Decision.objects.select_for_update().filter(notification=notification).first()
        if decision is None:
            raise NotDecided("Nobody has decided this; there is nothing to tell an outcome of.")
        if decision.outcome in Decision.FINAL:
            if decision.outcome == status:
                return notification
            raise OutcomeFinal(
                f"It was {decision.outcome} before, and that is final.",
                data={"outcome": decision.outcome, "message": decision.outcome_message},
            )
        settle(notification, outcome=status, message=message, now=now)
        audit.record(
            now=now,
            actor=audit.Actor("subsystem", str(caller.subsystem_id)),
            action="outcome_told",
            subject_kind="notification",
            subject_id=notification.id,
            data={"outcome": status},
        )
    return notification


def _push_refusal(notification: Notification, *, now: datetime) -> None:
    """Push to those whose answers made the decision; nobody, where the time ran out.

    What a colleague answered for somebody is told to that person, and with them to who stands in.
    """
    decision = Decision.objects.get(notification=notification)
    if decision.response_id is None:
        return
    deciders = Response.objects.filter(
        notification=notification, version=decision.version, effect=decision.effect
    )
    people = deciders.annotate(person=Coalesce("on_behalf_of_id", "actor_id"))
    for person in people.values_list("person", flat=True).distinct():
        errands.add(
            kind=Errand.Kind.PUSH,
            notification=notification,
            purpose=Delivery.Purpose.REFUSED,
            size=1,
            employees=(person, person),
            due_at=now,
            now=now,
        )
