"""Decision receipts: made with the answer, handed out as they are, checked by anybody.

A receipt is the phone's statement, its public key, and the hub's signed word that this key was this
employee's and that the answer was taken. See docs/receipts.md.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from hub.lib import clock, ids, jws, signing_keys
from notifications.assurance import receipt, refusals
from notifications.assurance.proof import Proof
from notifications.models import DecisionReceipt, Notification, Response


def keep(
    proof: Proof, *, notification: Notification, response: Response, now: datetime
) -> DecisionReceipt:
    """Write the receipt of a response, in the caller's transaction.

    Raises ProofInvalid if its nonce was used before; the response must not be kept then.
    """
    receipt_id = ids.uuid7()
    word = _word(proof, receipt_id, notification=notification, response=response)
    made = DecisionReceipt(
        id=receipt_id,
        response=response,
        notification=notification,
        nonce=proof.statement.nonce,
        statement=proof.text,
        device_key=proof.key.jwk,
        attestation=jws.sign(word, key=signing_keys.ring().current, typ=receipt.ATTESTATION),
        created_at=now,
    )
    try:
        with transaction.atomic():  # a savepoint, to be able to look what was in the way
            made.save(force_insert=True)
    except IntegrityError as error:
        if DecisionReceipt.objects.filter(nonce=made.nonce).exists():
            raise refusals.ProofInvalid("nonce_used") from error
        raise
    return made


def of_notification(notification_id: uuid.UUID) -> list[receipt.Receipt]:
    """The receipts of the answers to a request, in the order of the answers."""
    found = DecisionReceipt.objects.filter(notification_id=notification_id).order_by("id")
    return [document(one) for one in found]


def document(made: DecisionReceipt) -> receipt.Receipt:
    """A receipt as it leaves the hub."""
    return {
        "format": receipt.FORMAT,
        "statement": made.statement,
        "device_key": made.device_key,
        "attestation": made.attestation,
    }


def _word(
    proof: Proof, receipt_id: uuid.UUID, *, notification: Notification, response: Response
) -> dict[str, Any]:
    """What the hub says of an answer: who gave it by which key, and what it was taken for."""
    return {
        "v": 1,
        "receipt": str(receipt_id),
        "hub": settings.HUB_NAME,
        "subsystem": notification.subsystem.key,
        "mode": notification.mode,
        "reference": notification.reference,
        "notification": str(notification.id),
        "version": response.version,
        "verb": response.verb,
        "effect": response.effect,
        "employee_id": response.actor.employee_id,
        "on_behalf_of": proof.statement.on_behalf_of,
        "device": str(proof.statement.device_id),
        "key": proof.key.thumbprint,
        "key_since": clock.text(proof.registered_at),
        "statement": receipt.digest(proof.text),
        "answered_at": clock.text(response.responded_at),
    }
