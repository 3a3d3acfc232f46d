"""The link in an optional e-mail by which its reader refuses the category, without signing in.

A token names a person and a category, and is signed: who has it may do this one thing and read
nothing but the names of both sides of it. It does not expire, because e-mails do not (RFC 8058).
"""

import binascii
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from django.conf import settings

from hub.lib import base64url, errors, keys

# In place of a category: everything that can be refused, as far as e-mail goes.
ALL = uuid.UUID(int=0)

_LABEL = "unsubscribe"
_ID_BYTES = 16
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to hear no more of what: a category, or ALL."""

    employee_id: uuid.UUID
    category_id: uuid.UUID


def token(wish: Wish) -> str:
    """The signed text that says it."""
    said = wish.employee_id.bytes + wish.category_id.bytes
    return base64url.encode(said + _mac(said))


def read(text: str) -> Wish:
    """What a token says. Raises NotFound for one that this hub has not signed."""
    try:
        raw = base64url.decode(text)
    except (ValueError, binascii.Error) as error:
        raise _unknown() from error
    said, mac = raw[: 2 * _ID_BYTES], raw[2 * _ID_BYTES :]
    if len(said) != 2 * _ID_BYTES or not hmac.compare_digest(mac, _mac(said)):
        raise _unknown()
    return Wish(uuid.UUID(bytes=said[:_ID_BYTES]), uuid.UUID(bytes=said[_ID_BYTES:]))


def headers(wish: Wish) -> dict[str, str]:
    """What a mail program shows a button for (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{address(wish)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def address(wish: Wish) -> str:
    """Where the link leads."""
    return f"{settings.HUB_PUBLIC_URL}/unsubscribe/{token(wish)}"


def _mac(said: bytes) -> bytes:
    key = keys.ring().derive(_LABEL)
    return hmac.digest(key, said, hashlib.sha256)[:_MAC_BYTES]


def _unknown() -> errors.NotFound:
    return errors.NotFound("This link is not one of ours, or not all of it.")
