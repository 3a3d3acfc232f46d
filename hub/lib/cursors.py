"""Opaque cursors: where a client stands in a list, as text that it only hands back."""

import base64
import binascii

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


def bad(pointer: str = "/after") -> errors.Invalid:
    """The refusal of a cursor that the list did not give out."""
    return errors.Invalid(
        "The cursor is not one that this list gave out.",
        errors=[errors.FieldError(pointer, "bad_cursor", "Hand back what the last page gave.")],
    )
