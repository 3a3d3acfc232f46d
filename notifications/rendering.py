"""From a template's text and data to words, as a language writes them. Pure.

Texts are ICU's MessageFormat (plurals, numbers, choices); money and dates come in as Babel writes
them. See docs/sub-system-api.md, "Templates".
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import dates, numbers
from icu4py.messageformat import MessageFormat

from hub.lib import errors, text
from notifications import phrases

PARTS = {"title": 200, "summary": 500, "body": 20_000}  # characters, as rendered
TYPES = ("text", "number", "money", "date", "datetime")
SAMPLES: dict[str, Any] = {
    "text": "Text", "number": 2, "money": {"value": "1234.50", "currency": "EUR"},
    "date": "2026-12-24", "datetime": "2026-12-24T17:30:00+01:00",
}  # fmt: skip
_LEFT = re.compile(r"\{\w+\}")  # what ICU leaves of an argument that it was not given
_WHITE = re.compile(r"[\t\n\r ]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEXT_AT_MOST = 500


class BadText(Exception):
    """A text that is no MessageFormat, or names what is not declared. The message says which."""


def words(
    texts: Mapping[str, Mapping[str, str]],
    *,
    default: str,
    data: Mapping[str, Any],
    takes: Mapping[str, str],
    language: str,
) -> dict[str, str]:
    """Title, summary and body for who reads this language, each within its length."""
    found = chosen(texts, default=default, language=language)
    shown = {name: _value(takes[name], value, found) for name, value in data.items()}
    return {
        part: _one_line(formatted(texts[found].get(part, ""), shown, found), part)[:longest]
        for part, longest in PARTS.items()
    }


def chosen(texts: Mapping[str, Any], *, default: str, language: str) -> str:
    """Which of the languages there are: the reader's own, its parents, the default, English."""
    for candidate in (*phrases.chain(language), default, phrases.DEFAULT):
        if candidate in texts:
            return candidate
    return next(iter(texts))


def formatted(pattern: str, values: Mapping[str, Any], language: str) -> str:
    """A pattern with the values in it. Raises BadText."""
    try:
        return MessageFormat(pattern, language).format(dict(values)) if pattern else ""
    except (ValueError, TypeError) as error:
        raise BadText(str(error)) from error


def check(
    texts: Mapping[str, Mapping[str, str]], takes: Mapping[str, str]
) -> Iterable[errors.FieldError]:
    """What is wrong with the texts: each is tried with samples of what it takes."""
    for language, parts in texts.items():
        values = {name: _value(kind, SAMPLES[kind], language) for name, kind in takes.items()}
        for part, pattern in parts.items():
            pointer = f"/texts/{language}/{part}"
            try:
                left = _LEFT.search(formatted(pattern, values, language))
            except BadText as error:
                yield errors.FieldError(pointer, "bad_template", f"Not a MessageFormat: {error}.")
                continue
            if left is not None:
                sentence = f"{left[0]} is not among what the template takes."
                yield errors.FieldError(pointer, "bad_template", sentence)


def check_data(data: Mapping[str, Any], takes: Mapping[str, str]) -> Iterable[errors.FieldError]:
    """What is wrong with the data: all that the template takes is needed, and nothing else."""
    for name in takes.keys() - data.keys():
        yield errors.FieldError(f"/data/{name}", "required", "The template needs this.")
    for name, value in data.items():
        if name not in takes:
            sentence = "The template has no such field."
            yield errors.FieldError("/data", "unknown_field", sentence)
        elif not _fits(takes[name], value):
            sentence = f"This is no {takes[name]}: see Templates in the documentation."
            yield errors.FieldError(f"/data/{name}", "invalid", sentence)


def _fits(kind: str, value: Any) -> bool:
    try:
        match kind:
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "money":
                return (
                    isinstance(value, dict)
                    and value.keys() == {"value", "currency"}
                    and _CURRENCY.fullmatch(value["currency"]) is not None
                    and Decimal(value["value"]).is_finite()
                    and len(value["value"]) <= 32
                )
            case "date":
                return isinstance(value, str) and bool(date.fromisoformat(value))
            case "datetime":
                return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
            case _:
                is_text = isinstance(value, str) and len(value) <= _TEXT_AT_MOST
                return is_text and text.flaw(value, several_lines=True) is None
    except (ValueError, TypeError, InvalidOperation):
        return False


def _value(kind: str, value: Any, language: str) -> Any:
    """The value as a pattern takes it: numbers as they are, since plurals depend on them."""
    locale = phrases.locale(language)
    match kind:
        case "money":
            amount = Decimal(value["value"])
            return numbers.format_currency(amount, value["currency"], locale=locale)
        case "date":
            return dates.format_date(date.fromisoformat(value), locale=locale)
        case "datetime":
            moment = datetime.fromisoformat(value)  # by the clocks that the sender names
            return dates.format_datetime(moment.replace(tzinfo=None), format="short", locale=locale)
        case _:
            return value


def _one_line(said: str, part: str) -> str:
    # Not by split(): it would take the spaces at which money must not break for plain ones.
    return said.strip() if part == "body" else _WHITE.sub(" ", said).strip()
