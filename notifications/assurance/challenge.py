"""The nonce that is handed out with an item: derived, so that reading an item writes nothing.

It is good for one employee, device, notification and version, until its time is over, and once: the
receipt of the answer that uses it has it under a unique constraint.
"""

import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.conf import settings

from hub.lib import base64url, clock, jwk, keys
from notifications.assurance import refusals, statement

_SALT_BYTES, _TIME_BYTES, _MAC_BYTES = 8, 8, 16


class Challenge(TypedDict):
    """What a phone needs to sign an answer."""

    nonce: str
    issued_at: str
    expires_at: str
    content: str
    device: str
    type: str
    algorithms: list[str]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a nonce is good for."""

    employee_id: uuid.UUID
    device_id: uuid.UUID
    notification_id: uuid.UUID
    version: int


def of(
    item: Mapping[str, Any], *, employee_id: uuid.UUID, device_id: uuid.UUID, now: datetime
) -> Challenge | None:
    """The challenge for an item as its reader is shown it; None if no answer there needs one."""
    if not any(action["step_up"] for action in item["actions"]):
        return None
    bound = Bound(employee_id, device_id, uuid.UUID(item["id"]), item["version"])
    expires_at = now.replace(microsecond=0) + settings.STEP_UP_NONCE_LIFE
    return {
        "nonce": nonce(bound, expires_at=expires_at),
        "issued_at": clock.text(now),
        "expires_at": clock.text(expires_at),
        "content": statement.content_hash(item),
        "device": str(device_id),
        "type": statement.TYP,
        "algorithms": list(jwk.ALGORITHMS),
    }


def nonce(bound: Bound, *, expires_at: datetime) -> str:
    """A fresh nonce; no two are alike."""
    body = secrets.token_bytes(_SALT_BYTES) + int(expires_at.timestamp()).to_bytes(_TIME_BYTES)
    return base64url.encode(body + _mac(bound, body))


def check(text: str, bound: Bound, *, now: datetime) -> None:
    """Raise ProofInvalid unless this nonce was handed out for exactly that, and still holds."""
    try:
        raw = base64url.decode(text)
    except ValueError:
        raw = b""
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) != _SALT_BYTES + _TIME_BYTES or not hmac.compare_digest(mac, _mac(bound, body)):
        raise refusals.ProofInvalid("nonce")
    if datetime.fromtimestamp(int.from_bytes(body[_SALT_BYTES:]), UTC) <= now:
        raise refusals.ProofInvalid("nonce_expired")


def _mac(bound: Bound, body: bytes) -> bytes:
    said = "|".join(
        str(part)
        for part in (bound.employee_id, bound.device_id, bound.notification_id, bound.version)
    )
    key = keys.ring().derive("step-up-nonce")
    return hmac.digest(key, said.encode() + b"|" + body, "sha256")[:_MAC_BYTES]
