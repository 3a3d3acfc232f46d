"""Messages of one shape differ only in their words: built and validated once, then spliced.

A shape is a wording with marks in the place of its words and its time to live. Whoever builds
messages builds one of it; where the marks come out in its JSON, the words of every other wording of
that shape are put in, escaped. Building takes 60 µs or more, splicing less than ten (ADR 0004).
"""

import dataclasses
import itertools
import re
import secrets
from collections.abc import Callable
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

# The fields beside these three: whatever is text there is words, too.
_REST = tuple(
    field.name
    for field in dataclasses.fields(Wording)
    if field.name not in {"platform", "data", "alert", "ttl"}
)

# Given a wording, its address and the moment it is over: the JSON of the message, validated.
Build = Callable[[Wording, str, str], str]


class TooLarge(ValueError):
    """More than a provider takes, whoever built the message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A format, and the slots whose words it takes."""

    text: str
    slots: tuple[int, ...]

    def filled(self, words: list[str]) -> bytes:
        """The bytes, with those words. Raises UnicodeEncodeError for a lone surrogate."""
        return (self.text % tuple([words[slot] for slot in self.slots])).encode()


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """A message without its words, before the address and after it.

    `size` is what counts of it against the limit, as the first `counted` of its words do.
    """

    before: Part
    after: Part
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
        escaped = [encode_basestring(word)[1:-1] for word in words]
        counted = "".join(escaped[: shape.counted])
        if shape.size + len(counted.encode(errors="replace")) > wording.LIMIT_BYTES:
            raise TooLarge
        filling = ["", expiration, *escaped, str(said.ttl.days * 86_400 + said.ttl.seconds)]
        return Template(shape.before.filled(filling), shape.after.filled(filling))

    def _made(self, said: Wording) -> Shape:
        marked = _marked(said)
        text = self._build(marked, ADDRESS, EXPIRATION)
        before, after = text.split(f'"fid":"{ADDRESS}"')
        counted = [*marked.data.values(), *(marked.alert or ())]
        size = wording.size(data=marked.data, alert=marked.alert) - sum(map(len, counted))
        return Shape(_part(before), _part(after), size, sum(map(bool, counted)))


def _part(text: str) -> Part:
    constants = _SPLIT.split(text)
    slots = [
        _TTL if seconds else int(slot)
        for slot, seconds in zip(constants[1::3], constants[2::3], strict=True)
    ]
    return Part("%s".join(text.replace("%", "%%") for text in constants[::3]), tuple(slots))


def _taken_apart(said: Wording) -> tuple[tuple[object, ...], list[str]]:
    """What makes the shape, and the words in the order of their slots.

    An empty text is part of the shape, since a message may leave it out.
    """
    words = list(said.data.values())
    key: list[object] = [said.platform, tuple(said.data)]
    if said.alert is None:
        key.append(None)
    else:
        words += said.alert
    for name in _REST:
        value = getattr(said, name)
        if isinstance(value, str):
            words.append(value)
        else:
            key.append((name, value))
    if "" in words:
        key.append(tuple(map(bool, words)))
        words = [word for word in words if word]
    return tuple(key), words


def _marked(said: Wording) -> Wording:
    """The same with marks for its words."""
    slots = itertools.count(2)

    def mark(word: str) -> str:
        return f"{_MARK}-{next(slots)};" if word else word

    data = {key: mark(word) for key, word in said.data.items()}
    alert = None if said.alert is None else (mark(said.alert[0]), mark(said.alert[1]))
    rest = {name: mark(value) for name in _REST if isinstance(value := getattr(said, name), str)}
    ttl = timedelta(seconds=_SECONDS)
    return dataclasses.replace(said, data=data, alert=alert, ttl=ttl, **cast(Any, rest))
