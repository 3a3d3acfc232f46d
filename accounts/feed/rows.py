"""The rows of a feed, each judged: a record, or a flaw with its line. Pure."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

import regex

from hub.lib import text

FACTS = ("department", "geo", "affiliate", "title", "manager", "time_zone", "language")
_LANGUAGE = regex.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, by its shape


class Unreadable(Exception):
    """The feed as a whole is not what the settings say. The message tells why; no values."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the feed says of one employee; "" where it says nothing."""

    employee_id: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one row. `employee_id` is empty if that is not clear either."""

    line: int
    column: str  # as the feed calls it; empty: the row as a whole
    code: str
    employee_id: str = ""


def parsed(
    lines: Iterable[str], *, columns: Mapping[str, str], delimiter: str, longest: Mapping[str, int]
) -> Iterator[Record | Flaw]:
    """The rows below the header, in order.

    `columns` is fact -> column of the feed and names `employee_id`; `longest` bounds each in
    characters. Raises Unreadable if the header lacks one of the columns, or the text is no CSV.
    """
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(rows, [])
        lacking = [column for column in columns.values() if column not in header]
        if lacking:
            raise Unreadable(f"The feed has no column {', '.join(lacking)}.")
        place = {fact: header.index(column) for fact, column in columns.items()}
        seen: set[str] = set()
        for row in rows:
            if row:
                yield _row(row, rows.line_num, place, len(header), columns, longest, seen)
    except csv.Error as error:
        raise Unreadable(f"Line {rows.line_num} is no CSV: {error}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"After line {rows.line_num} the feed is not UTF-8.") from error


def _row(
    row: list[str],
    line: int,
    place: Mapping[str, int],
    width: int,
    columns: Mapping[str, str],
    longest: Mapping[str, int],
    seen: set[str],
) -> Record | Flaw:
    if len(row) != width:
        return Flaw(line, "", "wrong_number_of_columns")
    said = {fact: row[index].strip() for fact, index in place.items()}
    employee_id = said.pop("employee_id")
    code = _flaw("employee_id", employee_id, longest) or ("" if employee_id else "blank")
    if not code and employee_id in seen:
        code = "twice"
    if code:
        return Flaw(line, columns["employee_id"], code)
    seen.add(employee_id)
    for fact, value in said.items():
        if code := _flaw(fact, value, longest):
            return Flaw(line, columns[fact], code, employee_id)
    return Record(employee_id, {fact: said.get(fact, "") for fact in FACTS})


def _flaw(fact: str, value: str, longest: Mapping[str, int]) -> str:
    if len(value) > longest[fact]:
        return "too_long"
    if value and (found := text.flaw(value)):
        return found
    if fact == "time_zone" and value and value not in available_timezones():
        return "unknown_time_zone"
    if fact == "language" and value and not _LANGUAGE.fullmatch(value):
        return "not_a_language"
    return ""
