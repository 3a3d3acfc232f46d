"""Whether a phone's signature proves an answer: checked against everything the hub knows itself."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import Device
from hub.lib import jwk, jws
from notifications.assurance import challenge, refusals, statement


@dataclass(frozen=True, slots=True)
class Claimed:
    """An answer as the hub is about to record it, and who gives it through which device."""

    employee_id: uuid.UUID
    device_id: uuid.UUID | None
    verb: str
    comment: str
    inputs: Mapping[str, Any] | None
    on_behalf_of: str | None = None  # the principal's employee id, where it is somebody else


@dataclass(frozen=True, slots=True)
class Proof:
    """A statement that proves an answer, and the key that signed it."""

    text: str = field(repr=False)
    statement: statement.Statement
    key: jwk.PublicKey
    registered_at: datetime


class ContentChanged(Exception):
    """The statement is about other content than the present one."""


def check(text: str, *, item: Mapping[str, Any], claimed: Claimed, now: datetime) -> Proof:
    """The proof of an answer to what the item shows. `text` is the phone's, empty if it sent none.

    Raises StepUpRequired, ProofInvalid, or ContentChanged if it was signed for other content.
    """
    key, registered_at = _key(claimed)
    if not text:
        raise refusals.StepUpRequired(needed="proof")
    try:
        said = statement.read(jws.verified(text, key=key, typ=statement.TYP))
    except jws.Malformed as error:
        raise refusals.ProofInvalid("malformed", detail=str(error)) from error
    except jws.BadSignature as error:
        raise refusals.ProofInvalid("signature") from error
    if str(said.notification_id) != item["id"]:
        raise refusals.ProofInvalid("notification")
    if (said.version, said.content) != (item["version"], statement.content_hash(item)):
        raise ContentChanged
    _compare(said, claimed=claimed, now=now)
    bound = challenge.Bound(claimed.employee_id, said.device_id, said.notification_id, said.version)
    challenge.check(said.nonce, bound, now=now)
    return Proof(text, said, key, registered_at)


def _key(claimed: Claimed) -> tuple[jwk.PublicKey, datetime]:
    """The key of the session that answers, and since when. Raises StepUpRequired without one."""
    open_now = Device.objects.filter(employee_id=claimed.employee_id, closed_at=None)
    device = None if claimed.device_id is None else open_now.filter(pk=claimed.device_id).first()
    if device is None or device.key is None:
        raise refusals.StepUpRequired(needed="key")
    return jwk.PublicKey.from_jwk(device.key), device.created_at


def _compare(said: statement.Statement, *, claimed: Claimed, now: datetime) -> None:
    expected = {
        "device": (said.device_id, claimed.device_id),
        "verb": (said.verb, claimed.verb),
        "answer": (
            said.answer,
            statement.answer_hash(comment=claimed.comment, inputs=claimed.inputs),
        ),
        "on_behalf_of": (said.on_behalf_of, claimed.on_behalf_of),
    }
    for reason, (given, known) in expected.items():
        if given != known:
            raise refusals.ProofInvalid(reason)
    if abs(said.signed_at - now.timestamp()) > settings.STEP_UP_CLOCK_SKEW.total_seconds():
        raise refusals.ProofInvalid("time")
