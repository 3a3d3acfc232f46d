"""Bearer tokens and API keys: 256 random bits, shown once, at rest only their SHA-256.

A token is `prefix | 43 base62 digits of randomness | 6 base62 digits of CRC-32`. The prefix and
the checksum let secret scanners recognise a leaked one, and let the hub refuse a mistyped one
without asking the database. SHA-256 without salt is enough: nothing is guessable in 256 bits.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_DIGITS = 43  # 62^43 > 2^256
_CHECK_DIGITS = 6  # 62^6 > 2^32
_PREFIX = re.compile(r"[a-z]+(_[a-z]+)*_")
_TOKEN = re.compile(rf"[0-9A-Za-z]{{{_RANDOM_DIGITS + _CHECK_DIGITS}}}")


@dataclass(frozen=True)
class Issued:
    """A new token: the text for its owner, once; digest and hint to keep."""

    text: str = field(repr=False)
    digest: bytes = field(repr=False)  # 32 bytes
    hint: str  # such as `hub_sk_…x9Fq`: tells keys apart on a page, opens nothing


def issue(prefix: str, *, entropy: bytes | None = None) -> Issued:
    """A new token of this kind; prefixes are lower-case words, each followed by an underscore.

    `entropy` (32 bytes, such as a MAC under a server key) makes a token that can be derived
    again; without it the token is random.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is not the prefix of a token.")
    number = int.from_bytes(secrets.token_bytes(32) if entropy is None else entropy)
    body = prefix + _base62(number, _RANDOM_DIGITS)
    text = body + _checksum(body)
    return Issued(text=text, digest=digest(text), hint=f"{prefix}…{text[-4:]}")


def digest(text: str) -> bytes:
    """The 32 bytes a token is stored and looked up by; any text has one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def matches(text: str, kept: bytes) -> bool:
    """Whether this is the token of the kept digest, in constant time."""
    return hmac.compare_digest(digest(text), kept)


def well_formed(text: str, *, prefix: str) -> bool:
    """Whether the text could be a token of this kind at all; says nothing of its being valid."""
    if not text.startswith(prefix) or not _TOKEN.fullmatch(text, len(prefix)):
        return False
    return text[-_CHECK_DIGITS:] == _checksum(text[:-_CHECK_DIGITS])


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    result = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        result = _DIGITS[digit] + result
    return result
