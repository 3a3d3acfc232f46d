"""An answer that has to be signed: refused without its proof, kept with its receipt."""

import uuid
from datetime import datetime
from typing import Any

from notifications import inbox
from notifications.approvals import refusals
from notifications.assurance import kept, proof, rules
from notifications.models import DecisionReceipt, Notification, Response
from notifications.models.notification import Action


def check(
    notification: Notification,
    *,
    action: Action,
    text: str,
    claimed: proof.Claimed,
    now: datetime,
) -> proof.Proof | None:
    """The proof of an answer; None where none is needed, whatever was sent.

    Raises StepUpRequired, ProofInvalid, and VersionChanged if other content was signed.
    """
    if not rules.needs_proof(notification, action):
        return None
    try:
        return proof.check(text, item=_content(notification), claimed=claimed, now=now)
    except proof.ContentChanged as error:
        raise refusals.VersionChanged(
            "What you signed is not the present content. Read it again, then answer.",
            data={
                "item": inbox.item(
                    employee_id=claimed.employee_id,
                    notification_id=notification.id,
                    mode=notification.mode,
                )
            },
        ) from error


def keep(
    found: proof.Proof | None, *, notification: Notification, response: Response, now: datetime
) -> DecisionReceipt | None:
    """The receipt of a response that was proved; None for any other."""
    if found is None:
        return None
    return kept.keep(found, notification=notification, response=response, now=now)


def reference(receipt: DecisionReceipt | None) -> dict[str, Any]:
    """What an event says of a receipt: nothing where there is none."""
    if receipt is None:
        return {}
    return {"receipt": {"id": str(receipt.id), "uri": uri(receipt.notification_id)}}


def uri(notification_id: uuid.UUID) -> str:
    """Where the sub-system reads the receipts of a request."""
    return f"/api/v1/notifications/{notification_id}/receipt"


def _content(notification: Notification) -> dict[str, Any]:
    """What an item shows to whoever is asked, as far as it is signed."""
    card = notification.card
    return {
        "id": str(notification.id),
        "version": notification.version,
        "subsystem": {"key": notification.subsystem.key},
        "category": notification.category.key,
        "title": card["title"],
        "summary": card["summary"],
        "body": card["body"],
        "facts": card["facts"],
        "links": card["links"],
        "actions": card.get("actions", []),
    }
