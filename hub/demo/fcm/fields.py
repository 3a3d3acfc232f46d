"""Checks of JSON values against protocol-buffer types, as Google's JSON front end makes them.

A check appends to a list of violations instead of raising, so that one answer names them all.
Names may be written in snake_case or camelCase; `block` renames to snake_case in place and
drops nulls, which the protocol-buffer JSON mapping treats as absent.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hub.demo.fcm.refusals import Violation

type Check = Callable[[Any, str, list[Violation]], None]

_CAPITAL = re.compile(r"[A-Z]")
DURATION = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?s")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def _wrong(found: list[Violation], path: str, kind: str, value: Any) -> None:
    shown = json.dumps(value)[:100]
    found.append(Violation(path, f"Invalid value at '{path}' ({kind}), {shown}"))


def string(value: Any, path: str, found: list[Violation]) -> None:
    """A string."""
    if type(value) is not str:
        _wrong(found, path, "TYPE_STRING", value)


def strings(value: Any, path: str, found: list[Violation]) -> None:
    """A map of strings to strings; numbers and booleans are refused, not converted."""
    if type(value) is not dict:
        _wrong(found, path, "Map", value)
        return
    for position, item in enumerate(value.values()):
        if type(item) is not str:
            _wrong(found, f"{path}[{position}].value", "TYPE_STRING", item)


def boolean(value: Any, path: str, found: list[Violation]) -> None:
    """True or false."""
    if type(value) is not bool:
        _wrong(found, path, "TYPE_BOOL", value)


def int32(value: Any, path: str, found: list[Violation]) -> None:
    """A whole number of 32 bits."""
    if type(value) is not int or not -(2**31) <= value < 2**31:
        _wrong(found, path, "TYPE_INT32", value)


def fraction(value: Any, path: str, found: list[Violation]) -> None:
    """A number within [0, 1] (the parts of a colour)."""
    if type(value) not in {int, float} or not 0 <= value <= 1:
        _wrong(found, path, "TYPE_FLOAT", value)


def duration(value: Any, path: str, found: list[Violation]) -> None:
    """Seconds with up to nine fractional digits, ending in `s`: "3.5s"; never negative."""
    if type(value) is not str or not DURATION.fullmatch(value):
        _wrong(found, path, "type.googleapis.com/google.protobuf.Duration", value)


def timestamp(value: Any, path: str, found: list[Violation]) -> None:
    """RFC 3339 with a zone."""
    if type(value) is not str or not _TIMESTAMP.fullmatch(value):
        _wrong(found, path, "type.googleapis.com/google.protobuf.Timestamp", value)


def struct(value: Any, path: str, found: list[Violation]) -> None:
    """Any JSON object."""
    if type(value) is not dict:
        _wrong(found, path, "type.googleapis.com/google.protobuf.Struct", value)


def pattern(expression: str) -> Check:
    """A string that matches the whole expression."""
    matches = re.compile(expression).fullmatch

    def check(value: Any, path: str, found: list[Violation]) -> None:
        if type(value) is not str or not matches(value):
            _wrong(found, path, f"must match {expression}", value)

    return check


def choice(kind: str, *names: str) -> Check:
    """One of the names of an enumeration."""
    allowed = frozenset(names)

    def check(value: Any, path: str, found: list[Violation]) -> None:
        if type(value) is not str or value not in allowed:
            _wrong(found, path, f"type.googleapis.com/google.firebase.fcm.v1.{kind}", value)

    return check


def listed(item_check: Check) -> Check:
    """A list whose items all pass the check."""

    def check(value: Any, path: str, found: list[Violation]) -> None:
        if type(value) is not list:
            _wrong(found, path, "repeated field", value)
            return
        for position, item in enumerate(value):
            item_check(item, f"{path}[{position}]", found)

    return check


def block(fields: Mapping[str, Check]) -> Check:
    """An object with these fields (snake_case names) and no others."""

    def check(value: Any, path: str, found: list[Violation]) -> None:
        if type(value) is not dict:
            _wrong(found, path, "object", value)
            return
        odd: list[str] = []
        for name, item in value.items():
            field = fields.get(name)
            if field is None or item is None:
                odd.append(name)
            else:
                field(item, f"{path}.{name}" if path else name, found)
        for name in odd:
            _settle(value, name, path, found)

    def _settle(value: dict[str, Any], name: str, path: str, found: list[Violation]) -> None:
        snake = name if name in fields else _CAPITAL.sub(lambda m: "_" + m[0].lower(), name)
        if snake not in fields or name.startswith("_"):
            where = f" at '{path}'" if path else ""
            sentence = (
                f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
            )
            found.append(Violation(path, sentence))
            return
        item = value.pop(name)
        if item is None:
            return
        if snake in value:
            found.append(Violation(path, f"Invalid value at '{path}': {snake} is given twice."))
            return
        value[snake] = item
        fields[snake](item, f"{path}.{snake}" if path else snake, found)

    return check
