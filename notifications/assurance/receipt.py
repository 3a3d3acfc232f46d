"""A decision receipt outside of the database, and whether it holds: with public keys only. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from hub.lib import base64url, jwk, jws
from notifications.assurance import statement

FORMAT = "hub-receipt/1"
ATTESTATION = "hub-attestation+jws"

# What the phone and the hub must say alike.
_ALIKE = ("notification", "version", "verb", "on_behalf_of", "device")


class Receipt(TypedDict):
    """A receipt as it is handed out."""

    format: str
    statement: str
    device_key: dict[str, str]
    attestation: str


class Invalid(Exception):
    """This receipt proves nothing. The message says why."""


def digest(text: str) -> str:
    """The hash of a statement by which the hub's word names it."""
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def verify(receipt: Mapping[str, Any], *, hub_keys: Iterable[jwk.PublicKey]) -> dict[str, Any]:
    """What a receipt proves: the hub's word and, under `statement`, the phone's. Raises Invalid."""
    if receipt.keys() != Receipt.__required_keys__ or receipt["format"] != FORMAT:
        raise Invalid(f"It is not a receipt of the format {FORMAT}.")
    if not all(isinstance(receipt[name], str) for name in ("statement", "attestation")):
        raise Invalid("Its statement and its attestation are texts.")
    try:
        word = _hubs_word(receipt["attestation"], hub_keys=hub_keys)
        key = jwk.PublicKey.from_jwk(dict(receipt["device_key"]))
        if key.thumbprint != word.get("key") or key.jwk != receipt["device_key"]:
            raise Invalid("The device key is not the one that the hub speaks of.")
        if digest(receipt["statement"]) != word.get("statement"):
            raise Invalid("The statement is not the one that the hub speaks of.")
        said = jws.verified(receipt["statement"], key=key, typ=statement.TYP)
        statement.read(said)
    except jws.BadSignature as error:
        raise Invalid("A signature is not by the key that it should be by.") from error
    except (jws.Malformed, jwk.BadKey, TypeError, ValueError) as error:
        raise Invalid(f"A part of it cannot be read: {error}") from error
    for name in _ALIKE:
        if word.get(name) != said[name]:
            raise Invalid(f"The phone and the hub do not say the same {name}.")
    return {**word, "statement": said}


def _hubs_word(text: str, *, hub_keys: Iterable[jwk.PublicKey]) -> dict[str, object]:
    kid = jws.read(text, typ=ATTESTATION).header.get("kid")
    for key in hub_keys:
        if key.thumbprint == kid:
            return jws.verified(text, key=key, typ=ATTESTATION)
    raise Invalid("None of these public keys of the hub has signed it.")
