"""Identifiers: UUID version 7 (RFC 9562, section 5.7), ordered by creation time."""

import uuid
from datetime import datetime

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    """A new id; ids made later sort later, to the millisecond (and within one process, always)."""
    return uuid_utils.compat.uuid7()


def floor(moment: datetime) -> uuid.UUID:
    """The smallest id that could have been made at a moment: all smaller ones are older."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)


def text(given: uuid.UUID | None) -> str | None:
    """An id as JSON has it; None for none."""
    return None if given is None else str(given)
