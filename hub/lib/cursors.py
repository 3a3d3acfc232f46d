"""Opaque cursors: where a client stands in a list, as text that it only hands back."""

import base64
import binascii
import uuid
from datetime import datetime

from hub.lib import errors


def encode(*parts: object) -> str:
    """The cursor of a row, from the values it is sorted by."""
    joined = "|".join(str(part) for part in parts)
    return base64.urlsafe_b64encode(joined.encode()).decode().rstrip("=")


def decode(text: str, *, parts: int, pointer: str = "/after") -> list[str]:
    """The values in a cursor. Raises Invalid for what `encode` did not make."""
    try:
        padded = text + "=" * (-len(text) % 4)
        values = base64.b64decode(padded.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise bad(pointer) from error
    found = values.split("|")
    if len(found) != parts:
        raise bad(pointer)
    return found


def of_moment(at: datetime, id_: uuid.UUID) -> str:
    """The cursor of a row in a list that is sorted by a moment, then by id."""
    return encode(at.isoformat(), id_)


def read_moment(text: str) -> tuple[datetime, uuid.UUID]:
    """The inverse of `of_moment`. Raises Invalid for anything else."""
    at, last = decode(text, parts=2)
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise bad()
        return moment, uuid.UUID(last)
    except ValueError as error:
        raise bad() from error


def bad(pointer: str = "/after") -> errors.Invalid:
    """The refusal of a cursor that the list did not give out."""
    return errors.Invalid(
        "The cursor is not one that this list gave out.",
        errors=[errors.FieldError(pointer, "bad_cursor", "Hand back what the last page gave.")],
    )
