"""Messages of one shape differ only in their words: built and validated once, then spliced.

A shape is a wording with marks in the place of its words and its time to live. Whoever builds
messages builds one of it; where the marks come out in its JSON, the words of every other wording of
that shape are put in, escaped. Building takes 60 µs or more, splicing less than ten (ADR 0004).
"""

import dataclasses
import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from json.encoder import encode_basestring
from typing import Any, cast

from notifications.push import wording
from notifications.push.encoding import Template
from notifications.push.gateway import Wording

KEPT = 256  # shapes: by platform, by what is said at all, and by whether it is urgent

# No sender can know them. Marks are text, but for that of the time to live, which is a number.
_MARK = f"mark-{secrets.token_hex(16)}"
_SECONDS = 10**11 + secrets.randbelow(10**11)
_SPLIT = re.compile(f"{_MARK}-([0-9]+);|({_SECONDS})")
ADDRESS = f"{_MARK}-0;"
EXPIRATION = f"{_MARK}-1;"  # the moment it is over, in seconds since the epoch
_TTL = -1

# What is counted against the limit comes first.
_COUNTED = ("data", "alert")
_FIELDS = (
    *_COUNTED,
    *(f.name for f in dataclasses.fields(Wording) if f.name not in {"platform", *_COUNTED}),
)

# Given a wording, its address and the moment it is over: the JSON of the message, validated.
Build = Callable[[Wording, str, str], str]


class TooLarge(ValueError):
    """More than a provider takes, whoever built the message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What stands between the slots, before the address and after it; a number is a slot.

    `size` is what the payload counts without its words, the first `counted` of them.
    """

    before: tuple[bytes | int, ...]
    after: tuple[bytes | int, ...]
    size: int
    counted: int


class Shapes:
    """The shapes that were seen, each built once. `build` raises ValueError for what it refuses."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._kept: dict[tuple[object, ...], Shape] = {}

    def template(self, said: Wording, *, expiration: str) -> Template:
        """The message without an address. Raises ValueError where it cannot be sent at all."""
        key, words = _taken_apart(said)
        shape = self._kept.get(key)
        if shape is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            shape = self._kept[key] = self._made(said)
        escaped = [encode_basestring(word)[1:-1].encode() for word in words]
        if shape.size + sum(map(len, escaped[: shape.counted])) > wording.LIMIT_BYTES:
            raise TooLarge
        escaped[0:0] = (b"", expiration.encode())
        escaped.append(b"%d" % (said.ttl // timedelta(seconds=1)))
        return Template(_joined(shape.before, escaped), _joined(shape.after, escaped))

    def _made(self, said: Wording) -> Shape:
        marked = _marked(said)
        text = self._build(marked, ADDRESS, EXPIRATION).replace(f'"fid":"{ADDRESS}"', ADDRESS)
        pieces = _SPLIT.split(text)
        parts: list[bytes | int] = [pieces[0].encode()]
        for slot, seconds, constant in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            parts += [_TTL if seconds else int(slot), constant.encode()]
        place = parts.index(0)
        size = wording.size(data=marked.data, alert=marked.alert)
        counted = [
            word for name in _COUNTED for word in _words(getattr(marked, name)) or () if word
        ]
        size -= sum(map(len, counted))
        return Shape(tuple(parts[:place]), tuple(parts[place + 1 :]), size, len(counted))


def _joined(parts: tuple[bytes | int, ...], words: list[bytes]) -> bytes:
    return b"".join([words[part] if type(part) is int else cast(bytes, part) for part in parts])


def _words(value: object) -> tuple[str, ...] | None:
    """The words in one field of a wording; None where it is a part of the shape as it is."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value if isinstance(value, tuple) else None


def _taken_apart(said: Wording) -> tuple[tuple[object, ...], list[str]]:
    """What makes the shape, and the words in the order of their slots.

    An empty text is part of the shape, since a message may leave it out.
    """
    key: list[object] = [said.platform]
    given: list[str] = []
    for name in _FIELDS:
        value = getattr(said, name)
        words = _words(value)
        if words is not None:
            key.append(tuple(value) if isinstance(value, Mapping) else len(words))
            if not all(words):
                key.append(tuple(map(bool, words)))
            given += filter(None, words)
        elif not isinstance(value, timedelta):
            key.append(value)
    return tuple(key), given


def _marked(said: Wording) -> Wording:
    """The same with marks for its words."""
    slots = itertools.count(2)

    def mark(word: str) -> str:
        return f"{_MARK}-{next(slots)};" if word else word

    changed: dict[str, Any] = {"ttl": timedelta(seconds=_SECONDS)}
    for name in _FIELDS:
        value = getattr(said, name)
        if isinstance(value, str):
            changed[name] = mark(value)
        elif isinstance(value, Mapping):
            changed[name] = {key: mark(word) for key, word in value.items()}
        elif isinstance(value, tuple):
            changed[name] = tuple(map(mark, value))
    return dataclasses.replace(said, **changed)
