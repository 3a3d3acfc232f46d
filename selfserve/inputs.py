"""What a form asks for, and whether what was given is that. Pure.

The inputs of a notification's actions, and three that a phone captures: `file` and `photo` are
uploaded before and given by their id, `location` is given as it is.
"""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.lib import errors
from notifications.approvals import inputs as plain

CAPTURED = ("file", "photo", "location")
TYPES = (*plain.CHECKS, *CAPTURED)
MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png", "text/plain")
PHOTOS = ("image/jpeg", "image/png")
BYTES_AT_MOST = 5 * 1024 * 1024
BYTES_AS_USUAL = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """What was given: plain values, ids of files and photos by input, places by input."""

    values: dict[str, Any]
    files: dict[str, uuid.UUID] = field(default_factory=dict)
    places: dict[str, dict[str, float]] = field(default_factory=dict)


def read(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> Given:
    """What a form was filled in with. Raises Invalid, telling every flaw by its pointer."""
    flaws: list[errors.FieldError] = []
    ours = [one for one in declared if one["type"] in CAPTURED]
    names = {one["name"] for one in ours}
    files, places, values = {}, {}, {}
    try:
        values = plain.check(
            [one for one in declared if one["name"] not in names],
            {name: value for name, value in given.items() if name not in names},
        )
    except errors.Invalid as refusal:
        flaws += refusal.errors
    for one in ours:
        name, value = one["name"], given.get(one["name"])
        if value is None:
            if one["required"]:
                flaws.append(errors.FieldError(_pointer(name), "required", "This form needs it."))
        elif one["type"] == "location":
            place = _place(value)
            if place is None:
                sentence = "A place has a latitude and a longitude in degrees."
                flaws.append(errors.FieldError(_pointer(name), "bad_place", sentence))
            else:
                places[name] = place
        else:
            try:
                files[name] = uuid.UUID(value)
            except (ValueError, AttributeError, TypeError):
                flaws.append(unknown_file(name))
    if flaws:
        raise errors.Invalid("The inputs are not what this form asks for.", errors=flaws)
    return Given(values, files, places)


def unknown_file(name: str) -> errors.FieldError:
    """The flaw of an id that is of no file uploaded for this input."""
    return errors.FieldError(_pointer(name), "unknown_file", "Upload it for this input first.")


def size_at_most(one: Mapping[str, Any]) -> int:
    """How many bytes a file or photo may have."""
    return int(one.get("max_bytes", BYTES_AS_USUAL))


def media_types(one: Mapping[str, Any]) -> Sequence[str]:
    """Of which types it may be."""
    if one["type"] == "photo":
        return PHOTOS
    return one.get("media_types") or MEDIA_TYPES


def fits(media_type: str, content: bytes) -> bool:
    """Whether the content begins as one of this type does; text is UTF-8 without controls."""
    if media_type == "application/pdf":
        return content.startswith(b"%PDF-")
    if media_type == "image/png":
        return content.startswith(b"\x89PNG\r\n\x1a\n")
    if media_type == "image/jpeg":
        return content.startswith(b"\xff\xd8\xff")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return media_type == "text/plain" and all(c.isprintable() or c in "\t\n\r" for c in text)


def _place(value: object) -> dict[str, float] | None:
    if not isinstance(value, dict) or not {"latitude", "longitude"} <= value.keys():
        return None
    limits = {"latitude": 90.0, "longitude": 180.0, "accuracy_metres": 1_000_000.0}
    if value.keys() - limits.keys():
        return None
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
        if not math.isfinite(number) or abs(number) > limits[name]:
            return None
    return {name: float(number) for name, number in value.items()}


def _pointer(name: str) -> str:
    return f"/inputs/{name}"
