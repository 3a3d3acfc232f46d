"""JSON as the hub reads it: RFC 8259, with no two readings and nothing PostgreSQL would refuse.

Python's own reader accepts NaN, duplicate keys, lone surrogates and NUL, recurses as deep as
the sender likes and turns 1e999 into infinity; `jsonb` refuses some of these with a 500.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hub.lib import errors

_LEAST, _MOST = -(2**63), 2**63 - 1
# Brackets, and strings so that the brackets in them do not count. Possessive: never backtracks.
_BRACKET = re.compile(rb'([\[{])|[\]}]|("[^"\\]*+(?:\\.[^"\\]*+)*+"?)', re.DOTALL)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# Both kinds of bracket as one kind, and nothing else.
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_SAYS = {
    "duplicate_key": "An object has the same key twice.",
    "not_finite": "NaN and Infinity are not JSON.",
    "number_too_big": "A whole number fits 64 bits; any other stays below 1.8e308.",
    "forbidden_character": "NUL and lone surrogates are not text.",
}


class MalformedJson(errors.HubError):
    """The body is no JSON, or JSON that two readers may read differently. `errors` says where."""

    code, status, title = "malformed_json", 400, "The body is not acceptable JSON"


class TooDeep(errors.HubError):
    """The body is nested deeper than the contract allows."""

    code, status, title = "json_too_deep", 400, "The body is nested too deep"


class UnsupportedCharset(errors.HubError):
    """The body is declared to be in something else than UTF-8."""

    code, status, title = "unsupported_charset", 415, "The body is not in UTF-8"


@dataclass(frozen=True)
class _Flaw:
    """Stands in the parsed value where something is wrong, until its place is known."""

    code: str
    key: str | None = None


def loads(body: bytes, *, charset: str | None, most_depth: int = 20) -> object:
    """The value of the body: dict, list, str, int within 64 bits, finite float, bool or None.

    The charset is the content type's parameter, None if absent; only UTF-8 will do. A byte order
    mark is refused, as RFC 8259 forbids to send one. Raises MalformedJson, TooDeep or
    UnsupportedCharset, and nothing else, on any bytes whatever.
    """
    if charset is not None and charset.strip().strip("\"'").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedCharset("Send JSON in UTF-8 (RFC 8259, section 8.1).")
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("The body starts with a byte order mark: send it without.")
    _refuse_depth(body, most_depth)
    flaws: list[_Flaw] = []

    def flawed(code: str, key: str | None = None) -> _Flaw:
        flaws.append(_Flaw(code, key))
        return flaws[-1]

    def pairs(members: list[tuple[str, object]]) -> object:
        result = dict(members)
        if len(result) == len(members):
            return result
        seen: set[str] = set()
        twice = next(key for key, _ in members if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return flawed("duplicate_key", twice)

    def whole(digits: str) -> object:
        # Length first: int() of thousands of digits raises, or takes long.
        value = int(digits) if len(digits) <= 20 else _MOST + 1
        return value if _LEAST <= value <= _MOST else flawed("number_too_big")

    def real(digits: str) -> object:
        value = float(digits)
        return value if math.isfinite(value) else flawed("number_too_big")

    def constant(_name: str) -> object:
        return flawed("not_finite")

    try:
        value: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_int=whole,
            parse_float=real,
            parse_constant=constant,
        )
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8 (at byte {error.start}).") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MalformedJson(f"The body is not JSON ({where}: {error.msg}).") from None
    # Raw NULs and surrogates were refused by now; what is left can only come from an escape.
    if flaws or b"\\u" in body:
        _refuse_flaws(value)
    return value


def _refuse_depth(body: bytes, most: int) -> None:
    if body.count(b"[") + body.count(b"{") <= most:
        return
    # Each pass takes the innermost pairs away: what is left after so many is too deep, or no JSON.
    brackets = _STRING.sub(b"", body).translate(_AS_BRACKETS, _NO_BRACKETS)
    for _ in range(most):
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        _refuse_depth_exactly(body, most)


def _refuse_depth_exactly(body: bytes, most: int) -> None:
    depth = 0
    for match in _BRACKET.finditer(body):
        if match[1]:
            depth += 1
            if depth > most:
                raise TooDeep(f"The body may be nested {most} levels deep.")
        elif not match[2]:
            depth -= 1


def _refuse_flaws(value: object) -> None:
    for pointer, code in _flaws(value, ""):
        flaw = errors.FieldError(pointer, code, _SAYS[code])
        raise MalformedJson(f"{flaw.message} See errors.", errors=[flaw])


def _flaws(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Places (RFC 6901) and codes; a bad key is told at its object."""
    if isinstance(value, _Flaw):
        yield pointer if value.key is None else _below(pointer, value.key), value.code
    elif isinstance(value, str):
        if _FORBIDDEN.search(value):
            yield pointer, "forbidden_character"
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _flaws(element, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, member in value.items():
            if _FORBIDDEN.search(key):
                yield pointer, "forbidden_character"
            yield from _flaws(member, _below(pointer, key))


def _below(pointer: str, key: str) -> str:
    # The pointer goes back into an answer: a huge or unprintable key is told at its object.
    if len(key) > 100 or not key.isprintable():
        return pointer
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
