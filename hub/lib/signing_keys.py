"""The keys by which the hub signs receipts: one signs, all are published."""

import base64
import binascii
from dataclasses import dataclass, field
from functools import cache
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ed25519
from django.conf import settings

from hub.lib import environment, jwk, keys

_PUBLIC = "public:"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs, and the public halves of it and of all before it."""

    current: ed25519.Ed25519PrivateKey = field(repr=False)
    published: tuple[jwk.PublicKey, ...]

    @classmethod
    def parse(cls, value: str) -> Self:
        """The keys in the value of HUB_RECEIPT_KEY, comma-separated.

        The first is the base64 of 32 random bytes, an Ed25519 private key, and signs. Others may
        be alike, or `public:` and the base64 of a public key whose private half is gone. Raises
        BadSetting, which names no value.
        """
        private: list[ed25519.Ed25519PrivateKey] = []
        published: list[jwk.PublicKey] = []
        for entry in (part.strip() for part in value.split(",")):
            if not entry:
                continue
            if entry.startswith(_PUBLIC):
                published.append(_public(_decoded(entry.removeprefix(_PUBLIC))))
                continue
            private.append(ed25519.Ed25519PrivateKey.from_private_bytes(_decoded(entry)))
            published.append(jwk.PublicKey.of_private(private[-1]))
        if not private:
            raise environment.BadSetting("HUB_RECEIPT_KEY has no private key to sign with.")
        return cls(private[0], tuple(published))


@cache
def ring() -> SigningKeys:
    """The keys of this process; without HUB_RECEIPT_KEY, one that hangs on HUB_MAC_KEY.

    Raises BadSetting if they are malformed.
    """
    if not settings.HUB_RECEIPT_KEY:
        derived = keys.ring().derive("receipt-key")
        return SigningKeys.parse(base64.b64encode(derived).decode())
    return SigningKeys.parse(settings.HUB_RECEIPT_KEY)


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _BYTES:
        raise environment.BadSetting(
            "HUB_RECEIPT_KEY has an entry that is not the base64 of 32 bytes:"
            " `openssl rand -base64 32` makes a key."
        )
    return raw


def _public(raw: bytes) -> jwk.PublicKey:
    try:
        return jwk.PublicKey.of_raw(raw)
    except jwk.BadKey as error:
        raise environment.BadSetting("HUB_RECEIPT_KEY has a public key that is none.") from error
