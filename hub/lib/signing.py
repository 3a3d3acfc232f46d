"""Signatures of callbacks: Standard Webhooks 1.0 (standardwebhooks.com), symmetric `v1`.

What is signed is `id.timestamp.body`, so neither an old message nor another event's body passes.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

_PREFIX = "whsec_"
# The specification joins by full stops, so an id must hold none; nor may it break a header.
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """Not signed by any of the secrets, or not now. The message holds no data."""


def new_secret() -> str:
    """A secret of 256 random bits, `whsec_` + base64. Show it once, keep it encrypted."""
    return _PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def sign(
    *, secrets: Sequence[str], event_id: str, timestamp: datetime, body: bytes
) -> dict[str, str]:
    """The three headers. One signature a secret, so that a rotation interrupts nobody.

    The event id stays the same over all tries, the timestamp is that of the try. Raises
    ValueError for no secret, a secret not of `new_secret`'s form, an odd id or a naive timestamp.
    """
    if not secrets:
        raise ValueError("A callback cannot be signed without a secret.")
    if not _EVENT_ID.fullmatch(event_id):
        raise ValueError("An event id is 1 to 255 letters, digits, dashes and underscores.")
    if timestamp.tzinfo is None:
        raise ValueError("The timestamp of a signature must be aware.")
    seconds = str(int(timestamp.timestamp()))
    signatures = [_signature(secret, event_id, seconds, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }


def verify(
    *,
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> str:
    """The id of the event, if one of the secrets signed it within the tolerance of now.

    Header names are matched in any case. Raises BadSignature; comparison is in constant time.
    """
    given = {name.lower(): value for name, value in headers.items()}
    event_id, seconds = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not _EVENT_ID.fullmatch(event_id) or not _SECONDS.fullmatch(seconds):
        raise BadSignature("The webhook-id or the webhook-timestamp is absent or odd.")
    if abs(now.timestamp() - int(seconds)) > tolerance.total_seconds():
        raise BadSignature("The webhook-timestamp is too far from now.")
    expected = [_signature(secret, event_id, seconds, body).encode() for secret in secrets]
    # Others' schemes (v1a) and unknown versions simply never match.
    found = [one.encode() for one in given.get("webhook-signature", "").split(" ")]
    if not any(hmac.compare_digest(want, have) for want in expected for have in found):
        raise BadSignature("No webhook-signature is by a known secret.")
    return event_id


def _signature(secret: str, event_id: str, seconds: str, body: bytes) -> str:
    signed = f"{event_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:  # the specification's bounds
        raise ValueError("A webhook secret is whsec_ and the base64 of 24 to 64 bytes.")
    return key
