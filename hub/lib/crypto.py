"""Encryption of columns, blind indexes and derived keys; the keys are never in the database.

A ciphertext is `version (1) | length of key id (1) | key id | nonce (12) | AES-256-GCM with tag`.
Its associated data are everything before the ciphertext proper, then the context: a value copied
into another column (or row, where the caller names the row) does not decrypt.

Nonces are random: a key is good for 2^32 encryptions (NIST SP 800-38D, 8.3), then rotate.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography import exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf

from hub.lib import environment

_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_HOW = "`openssl rand -base64 32` makes a key."


class DecryptionError(Exception):
    """Not decryptable: not our format, unknown key, tampered with, or another context."""


@dataclass(frozen=True, eq=False, repr=False)
class Keyring:
    """The hub's keys, immutable. Make one by `parse` and keep it for the life of the process."""

    current_key_id: str  # the one that encrypts; ciphertexts of any other are due for rotation
    _ciphers: Mapping[str, aead.AESGCM]
    _mac_key: bytes
    _subkeys: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, encryption_keys: str, mac_key: str) -> Self:
        """The keys out of the values of HUB_ENCRYPTION_KEYS and HUB_MAC_KEY.

        The first is `id:base64(32 bytes)`, comma-separated: the first key encrypts, all decrypt.
        The second is the base64 of at least 32 bytes. Raises BadSetting, which names the setting
        and the remedy, never a value.
        """
        ciphers: dict[str, aead.AESGCM] = {}
        for entry in (part.strip() for part in encryption_keys.split(",")):
            if not entry:
                continue
            key_id, colon, encoded = entry.partition(":")
            if not colon or not _KEY_ID.fullmatch(key_id):
                raise environment.BadSetting(
                    "HUB_ENCRYPTION_KEYS has an entry that is not id:base64 with an id of 1 to 32"
                    " letters, digits, dots, dashes or underscores."
                )
            if key_id in ciphers:
                raise environment.BadSetting("HUB_ENCRYPTION_KEYS has the same key id twice.")
            key = _decoded("HUB_ENCRYPTION_KEYS", encoded)
            if len(key) != 32:
                raise environment.BadSetting(
                    f"HUB_ENCRYPTION_KEYS has a key not of 32 bytes: {_HOW}"
                )
            ciphers[key_id] = aead.AESGCM(key)
        if not ciphers:
            raise environment.BadSetting(f"HUB_ENCRYPTION_KEYS has no id:key: {_HOW}")
        mac = _decoded("HUB_MAC_KEY", mac_key.strip())
        if len(mac) < 32:
            raise environment.BadSetting(f"HUB_MAC_KEY is shorter than 32 bytes: {_HOW}")
        return cls(next(iter(ciphers)), ciphers, mac)

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._ciphers)}, current {self.current_key_id!r}>"

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """The ciphertext under the current key; context is `table.column` or `table.column:row`."""
        name = self.current_key_id.encode()
        header = bytes([_VERSION, len(name)]) + name + secrets.token_bytes(_NONCE_BYTES)
        nonce = header[-_NONCE_BYTES:]
        cipher = self._ciphers[self.current_key_id]
        return header + cipher.encrypt(nonce, plaintext, _associated(header, context))

    def decrypt(self, ciphertext: bytes, *, context: str) -> bytes:
        """The plaintext. Raises DecryptionError, whose message holds no data."""
        name, header = _parsed(ciphertext)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise DecryptionError("The key of this ciphertext is not in HUB_ENCRYPTION_KEYS.")
        try:
            return cipher.decrypt(
                header[-_NONCE_BYTES:], ciphertext[len(header) :], _associated(header, context)
            )
        except exceptions.InvalidTag:
            # `from None`: frames below would carry the ciphertext into an error report.
            raise DecryptionError("The ciphertext is damaged or of another context.") from None

    def blind_index(self, value: bytes | str, *, purpose: str) -> bytes:
        """32 bytes by which equal values are found without being readable; one key a purpose."""
        data = value.encode() if isinstance(value, str) else value
        return hmac.digest(self._subkey(f"blind-index:{purpose}"), data, hashlib.sha256)

    def derive(self, label: str) -> bytes:
        """A subkey of 32 bytes for one use, by HKDF-SHA-256 (RFC 5869); same label, same key."""
        return self._subkey(f"derive:{label}")

    def _subkey(self, info: str) -> bytes:
        if info not in self._subkeys:
            expansion = hkdf.HKDF(hashes.SHA256(), 32, salt=b"hub", info=info.encode())
            self._subkeys[info] = expansion.derive(self._mac_key)
        return self._subkeys[info]


def key_id(ciphertext: bytes) -> str:
    """The id of the key that encrypted this. Raises DecryptionError if it is not our format."""
    return _parsed(ciphertext)[0]


def _parsed(ciphertext: bytes) -> tuple[str, bytes]:
    """The key id, and the header, which ends with the nonce."""
    if len(ciphertext) < 2 or ciphertext[0] != _VERSION:
        raise DecryptionError("This is not a ciphertext of the hub.")
    end = 2 + ciphertext[1]
    name = ciphertext[2:end].decode("ascii", "replace")
    if len(ciphertext) < end + _NONCE_BYTES + _TAG_BYTES or not _KEY_ID.fullmatch(name):
        raise DecryptionError("This is not a ciphertext of the hub.")
    return name, ciphertext[: end + _NONCE_BYTES]


def _associated(header: bytes, context: str) -> bytes:
    # The header tells its own length, so no other header and context give the same bytes.
    if not context:
        raise ValueError("An encryption without a context protects no column.")
    return header + context.encode()


def _decoded(setting: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        # `from None`: the value must not travel in the cause.
        raise environment.BadSetting(f"{setting} has a value that is not base64.") from None
