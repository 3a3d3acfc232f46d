"""What an endpoint's answer means. Pure: a status and a body in, a verdict out."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

LONGEST_RETRY_AFTER = timedelta(days=1)
MESSAGE_CHARACTERS = 500


class Meaning(enum.StrEnum):
    """What became of one try."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    PENDING = "pending"  # taken over; the outcome comes by another call
    LATER = "later"
    FAILED = "failed"  # a person must look: tried again on the schedule, but it is told
    OFF = "off"  # 410: the endpoint is gone for good


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of an answer, the sub-system's sentence, and how long it asks to wait."""

    meaning: Meaning
    message: str = ""
    retry_after: timedelta | None = None


def of(*, status: int, body: bytes, headers: Mapping[str, str], strict_id: str | None) -> Verdict:
    """Read an endpoint's answer as docs/sub-system-api.md defines it.

    With `strict_id`, a 2xx counts only if the body says `{"received": "<webhook-id>"}`, so that a
    login page that answers 200 does not confirm a payment.
    """
    content = _object(body)
    if 200 <= status < 300:
        if strict_id is not None and content.get("received") != strict_id:
            return Verdict(Meaning.FAILED)
        return Verdict(_said(status, content), _sentence(content))
    if status == 409:
        return Verdict(Meaning.REFUSED, _sentence(content))
    if status == 410:
        return Verdict(Meaning.OFF)
    if status == 429 or status >= 500:
        return Verdict(Meaning.LATER, retry_after=_retry_after(headers.get("retry-after", "")))
    return Verdict(Meaning.FAILED)


def _said(status: int, content: Mapping[str, object]) -> Meaning:
    default = Meaning.PENDING if status == 202 else Meaning.CONFIRMED
    said = content.get("status")
    among = {m.value: m for m in (Meaning.CONFIRMED, Meaning.REFUSED, Meaning.PENDING)}
    return among.get(said, default) if isinstance(said, str) else default


def _sentence(content: Mapping[str, object]) -> str:
    """The sentence for the employee: printable text only, cut at MESSAGE_CHARACTERS."""
    message = content.get("message")
    if not isinstance(message, str):
        return ""
    return "".join(c for c in message if c.isprintable())[:MESSAGE_CHARACTERS]


def _object(body: bytes) -> Mapping[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _retry_after(value: str) -> timedelta | None:
    """Seconds only; a date or nonsense is None, and longer than a day is a day."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        return None
    return min(timedelta(seconds=int(value)), LONGEST_RETRY_AFTER)
