"""What an answer says in the inputs that its action declares. Pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hub.lib import errors

LONGEST_TEXT = 500  # of an input that declares no other

Flaw = tuple[str, str]  # a code and a sentence


def check(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name, null ones left out. Raises Invalid, telling every flaw by its pointer."""
    flaws = [
        errors.FieldError(_pointer(name), "unknown_field", "This answer has no such input.")
        for name in sorted(given.keys() - {one["name"] for one in declared})
    ]
    values = {}
    for one in declared:
        value = given.get(one["name"])
        if value is None:
            flaw = ("required", "This answer needs it.") if one["required"] else None
        else:
            values[one["name"]] = value
            flaw = CHECKS[one["type"]](one, value)
        if flaw is not None:
            flaws.append(errors.FieldError(_pointer(one["name"]), *flaw))
    if flaws:
        raise errors.Invalid("The inputs are not what this answer asks for.", errors=flaws)
    return values


def _pointer(name: str) -> str:
    # The pointer goes back into the answer: an odd name is told at its object.
    return f"/inputs/{name}" if name.isidentifier() and len(name) <= 40 else "/inputs"


def _text(one: Mapping[str, Any], value: object) -> Flaw | None:
    if not isinstance(value, str):
        return "not_a_text", "This is a text."
    if one["required"] and not value.strip():
        return "blank", "Say something."
    most = one.get("max_length", LONGEST_TEXT)
    return ("max_length", f"At most {most} characters.") if len(value) > most else None


def _number(one: Mapping[str, Any], value: object) -> Flaw | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "invalid", "This is a number."
    return _between(one, value)


def _date(one: Mapping[str, Any], value: object) -> Flaw | None:
    if not is_date(value):
        return "invalid", "This is a date, as YYYY-MM-DD."
    return _between(one, value)


def _boolean(one: Mapping[str, Any], value: object) -> Flaw | None:
    return None if isinstance(value, bool) else ("invalid", "This is true or false.")


def _select(one: Mapping[str, Any], value: object) -> Flaw | None:
    return None if value in one["options"] else ("invalid_choice", _options(one))


def _multi_select(one: Mapping[str, Any], value: object) -> Flaw | None:
    if not isinstance(value, list):
        return "not_a_list", "This is a list."
    if any(chosen not in one["options"] for chosen in value):
        return "invalid_choice", _options(one)
    if len(set(value)) < len(value):
        return "repeated", "Each option may be chosen once."
    if one["required"] and not value:
        return "empty", "Choose at least one."
    return _between(one, len(value))


CHECKS = {
    "text": _text,
    "number": _number,
    "date": _date,
    "boolean": _boolean,
    "select": _select,
    "multi-select": _multi_select,
}


def _between(one: Mapping[str, Any], value: Any) -> Flaw | None:
    least, most = one.get("min"), one.get("max")
    if least is not None and value < least:
        return "min_value", f"At least {least}."
    if most is not None and value > most:
        return "max_value", f"At most {most}."
    return None


def is_date(value: object) -> bool:
    """Whether it is a date in the one form the hub takes, so that texts compare as dates do."""
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _options(one: Mapping[str, Any]) -> str:
    return f"One of: {', '.join(one['options'])}."
