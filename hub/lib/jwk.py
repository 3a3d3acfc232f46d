"""Public keys as JSON Web Keys (RFC 7517, 8037): P-256 for ES256, Ed25519 for EdDSA, nothing else.

A key is kept by the members that make it what it is; its thumbprint (RFC 7638) is of these.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography import exceptions
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from hub.lib import base64url

ES256, EDDSA = "ES256", "EdDSA"
ALGORITHMS = (ES256, EDDSA)

_P256_BYTES = 32
_P25519 = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y of all points of small order: under such a key one signature fits every message.
_WEAK = frozenset({0, 1, _P25519 - 1, _ORDER_8, _P25519 - _ORDER_8})


class BadKey(Exception):
    """No public key that can be taken. The message says why, and holds no data."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that was checked; made by `from_jwk`, `from_spki` or `of_private`."""

    algorithm: str
    members: tuple[tuple[str, str], ...]
    _key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """The key in a JWK; members that do not make the key are left out. Raises BadKey."""
        kind = (jwk.get("kty"), jwk.get("crv"))
        try:
            if kind == ("EC", "P-256"):
                x, y = (_coordinate(jwk, name) for name in ("x", "y"))
                numbers = ec.EllipticCurvePublicNumbers(
                    int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
                )
                return cls._of(numbers.public_key())
            if kind == ("OKP", "Ed25519"):
                return cls._of(ed25519.Ed25519PublicKey.from_public_bytes(_coordinate(jwk, "x")))
        except ValueError as error:
            raise BadKey("The key's coordinates are not those of a point on its curve.") from error
        raise BadKey("The key is neither EC with P-256 nor OKP with Ed25519.")

    @classmethod
    def from_spki(cls, text: str) -> Self:
        """The key in a SubjectPublicKeyInfo: its DER in base64, or PEM. Raises BadKey."""
        body = "".join(line for line in text.split() if line)
        for mark in ("-----BEGINPUBLICKEY-----", "-----ENDPUBLICKEY-----"):
            body = body.replace(mark, "")
        try:
            key = serialization.load_der_public_key(base64.b64decode(body, validate=True))
        except (ValueError, binascii.Error, exceptions.UnsupportedAlgorithm) as error:
            raise BadKey("This is no SubjectPublicKeyInfo.") from error
        return cls._of(key)

    @classmethod
    def of_raw(cls, raw: bytes) -> Self:
        """The Ed25519 key of these 32 bytes. Raises BadKey."""
        return cls.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(raw)})

    @classmethod
    def of_private(cls, key: ed25519.Ed25519PrivateKey) -> Self:
        """The public half of one of the hub's own keys."""
        return cls._of(key.public_key())

    @classmethod
    def _of(cls, key: object) -> Self:
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            numbers = key.public_numbers()
            x, y = (base64url.encode(n.to_bytes(_P256_BYTES)) for n in (numbers.x, numbers.y))
            return cls(ES256, (("crv", "P-256"), ("kty", "EC"), ("x", x), ("y", y)), key)
        if isinstance(key, ed25519.Ed25519PublicKey):
            raw = key.public_bytes_raw()
            if (int.from_bytes(raw, "little") & (2**255 - 1)) % _P25519 in _WEAK:
                raise BadKey("Under this key one signature would fit every message.")
            return cls(
                EDDSA, (("crv", "Ed25519"), ("kty", "OKP"), ("x", base64url.encode(raw))), key
            )
        raise BadKey("The key is neither EC with P-256 nor OKP with Ed25519.")

    @property
    def jwk(self) -> dict[str, str]:
        """The members that make the key, as JSON."""
        return dict(self.members)

    @property
    def thumbprint(self) -> str:
        """RFC 7638 with SHA-256, in base64url: what the key is called."""
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return base64url.encode(hashlib.sha256(text.encode()).digest())

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed the message, by the form of signature that JWS has."""
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
                return True
            if len(signature) != 2 * _P256_BYTES:
                return False
            r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
            der = utils.encode_dss_signature(r, s)
            self._key.verify(der, message, ec.ECDSA(hashes.SHA256()))
        except exceptions.InvalidSignature:
            return False
        return True


def _coordinate(jwk: Mapping[str, object], name: str) -> bytes:
    text = jwk.get(name)
    data = base64url.decode(text) if isinstance(text, str) else b""
    if len(data) != _P256_BYTES:
        raise BadKey(f"The key's {name} is not 32 bytes in base64url.")
    return data
