"""Compact JSON Web Signatures (RFC 7515): the one form of a signed statement, read strictly.

The signature's algorithm is the key's, never what the header asks for; a header says `alg`, `typ`
and perhaps `kid`, and nothing that would change how the rest is read.
"""

from dataclasses import dataclass

import rfc8785
from cryptography.hazmat.primitives.asymmetric import ed25519

from hub.lib import base64url, errors, jwk, strict_json

LONGEST = 4096  # characters

_HEADER = frozenset({"alg", "typ", "kid"})


class Malformed(Exception):
    """No JWS of the expected kind. The message says why, and holds no data."""


class BadSignature(Exception):
    """The key did not sign this."""


@dataclass(frozen=True, slots=True)
class Read:
    """What stands in a JWS, not yet believed."""

    header: dict[str, str]
    payload: dict[str, object]
    signed: bytes
    signature: bytes


def read(text: str, *, typ: str) -> Read:
    """The parts of a JWS of that type. Raises Malformed."""
    if len(text) > LONGEST:
        raise Malformed(f"A signed statement has at most {LONGEST} characters.")
    parts = text.split(".")
    if len(parts) != 3:
        raise Malformed("A compact JWS has three parts with full stops between them.")
    try:
        raw = [base64url.decode(part) for part in parts]
    except ValueError as error:
        raise Malformed("A part is not base64url without padding.") from error
    header, payload = _object(raw[0]), _object(raw[1])
    words = {name: value for name, value in header.items() if isinstance(value, str)}
    if words.keys() != header.keys() or not {"alg", "typ"} <= words.keys() <= _HEADER:
        raise Malformed("The header has alg and typ, may have kid, and has nothing else.")
    if words["typ"] != typ:
        raise Malformed(f"The header's typ is not {typ}.")
    return Read(words, payload, f"{parts[0]}.{parts[1]}".encode(), raw[2])


def verified(text: str, *, key: jwk.PublicKey, typ: str) -> dict[str, object]:
    """The payload that this key signed. Raises Malformed, BadSignature."""
    found = read(text, typ=typ)
    if found.header["alg"] != key.algorithm:
        raise Malformed(f"The key signs by {key.algorithm}, and the header says otherwise.")
    if not key.verifies(found.signature, found.signed):
        raise BadSignature("The key did not sign this.")
    return found.payload


def sign(payload: dict[str, object], *, key: ed25519.Ed25519PrivateKey, typ: str) -> str:
    """A JWS by one of the hub's own keys, which it names by thumbprint."""
    header = {"alg": jwk.EDDSA, "typ": typ, "kid": jwk.PublicKey.of_private(key).thumbprint}
    signed = ".".join(base64url.encode(rfc8785.dumps(part)) for part in (header, payload))  # type: ignore[arg-type]
    return f"{signed}.{base64url.encode(key.sign(signed.encode()))}"


def _object(raw: bytes) -> dict[str, object]:
    try:
        value = strict_json.loads(raw, charset=None, most_depth=4)
    except errors.HubError as error:
        raise Malformed("A part is not JSON with one reading.") from error
    if not isinstance(value, dict):
        raise Malformed("A part is not a JSON object.")
    return value
