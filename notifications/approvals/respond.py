"""An approver answers: checked, recorded, and perhaps decided, in one transaction."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from hub.lib import clock, errors
from notifications import closing, delegated, inbox
from notifications.approvals import assured, decisions, inputs, refusals, seats, steps
from notifications.assurance.proof import Claimed
from notifications.callbacks import events
from notifications.models import Category, DecisionReceipt, Notification, Recipient, Response
from notifications.models.notification import Action


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says to a request."""

    verb: str
    version: int  # of the content the person saw
    comment: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    step: int | None = None  # of a sequence, counted from 1; None: whichever is asked
    proof: str = field(default="", repr=False)  # a signed statement, where one is needed
    device_id: uuid.UUID | None = None  # through which it comes
    on_behalf_of: str | None = None  # the employee id of whom the person stands in for


@transaction.atomic
def respond(
    *,
    employee_id: uuid.UUID,
    notification_id: uuid.UUID,
    answer: Answer,
    now: datetime,
    mode: str = inbox.LIVE,
) -> inbox.Item:
    """Record an approver's answer; the item as it is afterwards.

    `mode` is that of the key it was sent with: people answer what is live, `simulation` the rest.

    The notification's row is locked, so answers to one request come one after another; the
    constraints on Response and Decision hold even without. Repeating one's own answer changes
    nothing and is answered alike. Raises NotFound for who doesn't see the request, Invalid, and
    the refusals of `notifications.approvals.refusals`.
    """
    # Invisible objects are not found, before anything else is said of them.
    who = delegated.reader(employee_id=employee_id, now=now, mode=mode)
    if not delegated.owned(who).filter(notification_id=notification_id).exists():
        raise errors.NotFound("There is no such notification in your inbox.")
    notification = Notification.objects.select_for_update(no_key=True).get(id=notification_id)
    if notification.kind != Notification.Kind.REQUEST:
        raise refusals.NothingToAnswer("This notification only informs you.")
    principal, held = seats.meant(notification, who=who, on_behalf_of=answer.on_behalf_of)
    if _is_repeated(seats.asked(held, notification, step=answer.step), answer):
        return inbox.item(employee_id=employee_id, notification_id=notification_id, mode=mode)
    refuse_closed(notification, employee_id=employee_id, now=now)
    if answer.version != notification.version:
        raise refusals.VersionChanged(
            "The content changed after you saw it. Read it again, then answer.",
            data={
                "item": inbox.item(
                    employee_id=employee_id, notification_id=notification_id, mode=mode
                )
            },
        )
    seat = seats.to_answer(held, notification, step=answer.step)
    action = _action(notification, answer=answer)
    values = inputs.check(action.get("inputs", []), answer.inputs) or None
    proof = assured.check(
        notification,
        action=action,
        text=answer.proof,
        claimed=Claimed(
            employee_id=employee_id,
            device_id=answer.device_id,
            verb=answer.verb,
            comment=answer.comment,
            inputs=values,
            on_behalf_of=answer.on_behalf_of,
        ),
        now=now,
    )
    response = Response.objects.create(
        notification=notification,
        seat=seat,
        version=notification.version,
        actor_id=employee_id,
        on_behalf_of=principal,
        verb=answer.verb,
        effect=action["effect"],
        comment=answer.comment or None,
        inputs=values,
        responded_at=now,
    )
    receipt = assured.keep(proof, notification=notification, response=response, now=now)
    _record(notification, response=response, receipt=receipt, employee_id=employee_id, now=now)
    return inbox.item(employee_id=employee_id, notification_id=notification_id, mode=mode)


def _is_repeated(held: seats.Held | None, answer: Answer) -> bool:
    """Whether this very answer has been given already."""
    own = None if held is None else held.response
    given = {name: value for name, value in answer.inputs.items() if value is not None}
    return (
        own is not None
        and (own.verb, own.version) == (answer.verb, answer.version)
        and (own.inputs or {}) == given
    )


def _record(
    notification: Notification,
    *,
    response: Response,
    receipt: DecisionReceipt | None,
    employee_id: uuid.UUID,
    now: datetime,
) -> None:
    """Mark the copy as answered; decide if the policy says so, else tell of the answer."""
    theirs = [employee_id, response.on_behalf_of_id or employee_id]
    Recipient.objects.filter(employee_id__in=theirs, notification=notification).update(
        responded_at=now
    )
    asked, standing = notification.step, steps.standing(notification)
    effect = standing.outcome
    if effect is not None:
        decisions.decide(
            notification,
            verb=response.verb if response.effect == effect else effect,
            effect=effect,
            response=response,
            actor=audit.Actor(kind="employee", id=str(employee_id)),
            now=now,
            facts_beside=assured.reference(receipt),
        )
        return
    if standing.step > asked:
        steps.open_step(notification, step=standing.step, now=now)
    closing.announce(notification, now=now)
    events.emit(
        notification,
        type_="response.recorded",
        facts={
            "version": response.version,
            "verb": response.verb,
            "effect": response.effect,
            "comment": response.comment,
            "inputs": response.inputs,
            "step": asked + 1,
            "progress": notification.progress,
            "actor": decisions.actor_of(response),
            "responded_at": clock.text(now),
            **assured.reference(receipt),
        },
        now=now,
    )


def refuse_closed(notification: Notification, *, employee_id: uuid.UUID, now: datetime) -> None:
    """Raise what became of a request that takes no answer any more."""
    state, data = notification.state, {"state": notification.state}
    if state == Notification.State.DECIDED:
        truth = inbox.item(
            employee_id=employee_id, notification_id=notification.id, mode=notification.mode
        )["decision"]
        raise refusals.AlreadyDecided(
            "This request has been decided; your answer came after.", data={"decision": truth}
        )
    if state == Notification.State.WITHDRAWN:
        raise refusals.Withdrawn(
            "The sender took this request back.",
            data={**data, "reason": notification.reason or ""},
        )
    if state == Notification.State.SETTLED:
        raise refusals.Settled(
            "This matter was completed elsewhere.",
            data={**data, "settlement": notification.settled},
        )
    overdue = notification.expires_at is not None and notification.expires_at <= now
    if state == Notification.State.EXPIRED or overdue:
        raise refusals.Expired("The time to answer this request is over.", data=data)


def _action(notification: Notification, *, answer: Answer) -> Action:
    """The action that the answer names, its comment rule kept. Raises Invalid, CommentRequired."""
    action = notification.action(answer.verb)
    if action is None:
        offered = ", ".join(a["verb"] for a in notification.card.get("actions", []))
        raise errors.Invalid(
            f"This request offers: {offered}.",
            errors=[errors.FieldError("/verb", "unknown_verb", f"Use one of: {offered}.")],
        )
    category = Category.objects.get(id=notification.category_id)
    rule = action["comment"] or (
        "required" if action["effect"] == "reject" and category.reject_needs_comment else "optional"
    )
    if rule == "required" and not answer.comment.strip():
        raise refusals.CommentRequired(
            "Say why: this answer needs a comment.",
            errors=[errors.FieldError("/comment", "comment_required", "Give a reason.")],
        )
    if rule == "none" and answer.comment.strip():
        raise errors.Invalid(
            "This answer takes no comment.",
            errors=[errors.FieldError("/comment", "not_wanted", "Leave it out.")],
        )
    return action
