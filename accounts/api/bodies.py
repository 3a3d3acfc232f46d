"""Bodies of requests and answers: what they may hold, and what is wrong with one, by pointer.

class Create(SubsystemView):
    class Input(bodies.Body):
        title = bodies.Line(max_length=200)
    ...
    draft = bodies.validated(self.Input, request.data)
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from drf_spectacular.drainage import set_override
from rest_framework import serializers

from hub.lib import errors, text

_RFC_3339 = re.compile(
    r"(?!0000)\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OF_WHOLE = "non_field_errors"


class Body(serializers.Serializer):
    """A serializer that lives inside its view; the schema names it after both: `LoginInput`.

    One that stands beside its view is named after the module, since two components of one name
    would quietly become one.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        name = cls.__qualname__.replace(".", "")
        if name in {"Input", "Output"}:
            name = cls.__module__.rpartition(".")[2].title().replace("_", "") + name
        set_override(cls, "component_name", name)


class Line(serializers.CharField):
    """One line of text. Numbers are not taken for text, nor are control characters."""

    several_lines = False
    default_error_messages = {"invalid": "This is a text."}

    def to_internal_value(self, data: object) -> str:
        """The text, trimmed unless told otherwise."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Text(Line):
    """Text of several lines."""

    several_lines = True


class Pattern(Line, serializers.RegexField):
    """One line of a certain form."""


class Slug(Line, serializers.SlugField):
    """A key: letters, digits, hyphens and underscores."""


class Whole(serializers.IntegerField):
    """A whole number, told as a number: the text "1" is none."""

    def to_internal_value(self, data: object) -> int:
        """The number; 1.0 is the same as 1, as JSON has it."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """True or false; neither "yes" nor 1."""

    def to_internal_value(self, data: object) -> bool:
        """The value."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A moment by RFC 3339, with its offset: without one, two readers see two moments."""

    def to_internal_value(self, value: object) -> datetime:
        """The moment."""
        if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss, then Z or the offset as +hh:mm")
        return super().to_internal_value(value)


class Id(serializers.UUIDField):
    """An id, in the one form the hub writes them."""

    def to_internal_value(self, data: object) -> uuid.UUID:
        """The id; upper case is taken too."""
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=str(data)[:100])
        return super().to_internal_value(data)


class Secret(Line):
    """A password or a token: taken as it is, whatever it holds, and never shown in the schema."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "write_only": True, **options})


def validated(serializer_class: type[serializers.Serializer], data: object) -> dict[str, Any]:
    """The body's values, by the serializer. Raises Invalid, telling every flaw by its pointer.

    Beyond the serializer's own rules: unknown fields are refused, at every depth, and so is text
    that shows as something else than it is (see `hub.lib.text`).
    """
    serializer = serializer_class(data=data)
    flaws = [*_unknown(serializer, data, ""), *_odd_text(serializer, data, "")]
    if not serializer.is_valid():
        flaws += _flaws(serializer.errors, "")
    if flaws:
        raise errors.Invalid("The request is not valid. See errors.", errors=flaws)
    return dict(serializer.validated_data)


def query(serializer_class: type[serializers.Serializer], given: QueryDict) -> dict[str, Any]:
    """The query's values, like `validated`; a parameter that is there twice is refused too."""
    twice = [name for name, values in given.lists() if len(values) > 1]
    if twice:
        raise errors.Invalid(
            "A parameter stands in the query more than once.",
            errors=[
                errors.FieldError(_below("", name), "repeated", "Give it once.") for name in twice
            ],
        )
    return validated(serializer_class, given.dict())


def _flaws(found: Any, pointer: str) -> Iterator[errors.FieldError]:
    """DRF's errors, which nest like the body: dicts by field, lists by index or of messages."""
    if isinstance(found, Mapping):
        for key, below in found.items():
            yield from _flaws(below, pointer if key == _OF_WHOLE else _below(pointer, key))
    elif isinstance(found, list):
        for index, below in enumerate(found):
            if isinstance(below, Mapping | list):
                yield from _flaws(below, f"{pointer}/{index}")
            else:
                yield from _flaws(below, pointer)
    else:
        yield errors.FieldError(pointer, getattr(found, "code", "invalid"), str(found))


def _unknown(field: Any, data: object, pointer: str) -> Iterator[errors.FieldError]:
    if isinstance(field, serializers.Serializer) and isinstance(data, Mapping):
        for key, value in data.items():
            child = field.fields.get(key)
            if child is None or child.read_only:
                yield errors.FieldError(
                    _below(pointer, key), "unknown_field", "There is no such field here."
                )
            else:
                yield from _unknown(child, value, _below(pointer, key))
    elif isinstance(field, serializers.ListSerializer | serializers.ListField) and isinstance(
        data, list
    ):
        for index, value in enumerate(data):
            yield from _unknown(field.child, value, f"{pointer}/{index}")
    elif isinstance(field, serializers.DictField) and isinstance(data, Mapping):
        for key, value in data.items():
            yield from _unknown(field.child, value, _below(pointer, key))


def _odd_text(field: Any, data: object, pointer: str) -> Iterator[errors.FieldError]:
    if isinstance(field, Secret):
        return
    if isinstance(data, str):
        several = not isinstance(field, Line) or field.several_lines
        code = text.flaw(data, several_lines=several)
        if code is not None:
            yield errors.FieldError(pointer, code, "These characters cannot be in this text.")
    elif isinstance(data, Mapping):
        children = field.fields if isinstance(field, serializers.Serializer) else {}
        for key, value in data.items():
            if text.flaw(str(key)) is not None:
                yield errors.FieldError(pointer, "control_character", "A key holds odd characters.")
            yield from _odd_text(children.get(key), value, _below(pointer, key))
    elif isinstance(data, list):
        child = getattr(field, "child", None)
        for index, value in enumerate(data):
            yield from _odd_text(child, value, f"{pointer}/{index}")


def _below(pointer: str, key: object) -> str:
    # The pointer goes back into an answer: a huge or unprintable key is told at its object.
    name = str(key)
    if len(name) > 100 or not name.isprintable():
        return pointer
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
