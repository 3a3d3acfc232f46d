"""What a phone signs when it answers: exactly these members, and how their hashes are made. Pure.

A hash is SHA-256 over RFC 8785 (JSON Canonicalization Scheme), in base64url without padding.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from hub.lib import base64url, jws

TYP = "hub-answer+jws"
FORMAT = 1

_MEMBERS = frozenset(
    {
        "v", "notification", "version", "content", "verb", "answer", "on_behalf_of", "nonce",
        "device", "signed_at",
    }
)  # fmt: skip
_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_SHOWN = ("id", "version", "category", "title", "summary", "body", "facts", "links")
_OF_ACTIONS = ("verb", "label", "effect")


@dataclass(frozen=True, slots=True)
class Statement:
    """A phone's word: which answer, to which content, by which device, when."""

    notification_id: uuid.UUID
    version: int
    content: str  # the hash of what the person saw
    verb: str
    answer: str  # the hash of comment and inputs
    on_behalf_of: str | None  # the employee id of the principal, where it is somebody else
    nonce: str
    device_id: uuid.UUID
    signed_at: int  # seconds since 1970


def content_hash(item: Mapping[str, Any]) -> str:
    """The hash of what an inbox item shows of its content: the same for everybody who sees it."""
    return _hash(
        {
            "subsystem": item["subsystem"]["key"],
            "actions": [{name: one[name] for name in _OF_ACTIONS} for one in item["actions"]],
            **{name: item[name] for name in _SHOWN},
        }
    )


def answer_hash(*, comment: str, inputs: Mapping[str, Any] | None) -> str:
    """The hash of what an answer says beside its verb; inputs that are absent are null."""
    return _hash({"comment": comment, "inputs": dict(inputs) if inputs else None})


def read(payload: Mapping[str, object]) -> Statement:
    """The statement in a payload. Raises jws.Malformed."""
    if payload.keys() != _MEMBERS or (payload["v"] is True) or payload["v"] != FORMAT:
        raise jws.Malformed(f"A statement has v = {FORMAT} and exactly its ten members.")
    try:
        return Statement(
            notification_id=_id(payload["notification"]),
            version=_whole(payload["version"]),
            content=_hash_text(payload["content"]),
            verb=_text(payload["verb"]),
            answer=_hash_text(payload["answer"]),
            on_behalf_of=None
            if payload["on_behalf_of"] is None
            else _text(payload["on_behalf_of"]),
            nonce=_text(payload["nonce"]),
            device_id=_id(payload["device"]),
            signed_at=_whole(payload["signed_at"]),
        )
    except ValueError as error:
        raise jws.Malformed("A member of the statement is not of its kind.") from error


def _hash(value: Any) -> str:
    return base64url.encode(hashlib.sha256(rfc8785.dumps(value)).digest())


def _id(value: object) -> uuid.UUID:
    found = uuid.UUID(_text(value))
    if str(found) != value:
        raise ValueError
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _hash_text(value: object) -> str:
    if not _HASH.fullmatch(_text(value)):
        raise ValueError
    return str(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value
