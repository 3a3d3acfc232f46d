"""The holidays in a file that somebody's calendar exported, or that somebody typed."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import icalendar

DAYS_AT_MOST = 5000
_EVENT_DAYS_AT_MOST = 60
_NAME_AT_MOST = 128


class BadFile(ValueError):
    """No holidays can be read from it; the message says what is wrong where."""


def parse(content: str) -> dict[date, str]:
    """The holidays with their names. Raises BadFile.

    Either iCalendar, whose events are whole days and do not repeat by a rule; or CSV with a day
    (2026-12-25) and perhaps a name in each line.
    """
    is_ical = "BEGIN:VCALENDAR" in content[:1000]
    found = _of_ical(content) if is_ical else _of_csv(content)
    if not found:
        raise BadFile("There is no holiday in it.")
    if len(found) > DAYS_AT_MOST:
        raise BadFile(f"There are more than {DAYS_AT_MOST} days in it.")
    return {day: _name(name) for day, name in found.items()}


def _of_ical(content: str) -> dict[date, str]:
    try:
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
        return {day: str(event.get("SUMMARY", "")) for event in events for day in _days(event)}
    except BadFile:
        raise
    except ValueError as error:
        raise BadFile(f"It is no iCalendar file: {str(error)[:200]}") from error


def _days(event: Any) -> list[date]:
    name = str(event.get("SUMMARY", ""))[:80]
    if event.get("RRULE") or event.get("RDATE"):
        raise BadFile(f"{name!r} repeats by a rule; export the days of each year instead.")
    start, end = event.get("DTSTART"), event.get("DTEND")
    if start is None:
        raise BadFile(f"{name!r} has no day.")
    first = _day(start.dt)
    # The end of whole days is the day after the last one.
    last = _day(end.dt) - timedelta(days=1) if end is not None else first
    length = max((last - first).days, 0) + 1
    if length > _EVENT_DAYS_AT_MOST:
        raise BadFile(f"{name!r} lasts {length} days; that is no holiday.")
    return [first + timedelta(days=later) for later in range(length)]


def _day(moment: Any) -> date:
    """A day, of a day or of a moment."""
    return date(moment.year, moment.month, moment.day)


def _of_csv(content: str) -> dict[date, str]:
    found: dict[date, str] = {}
    try:
        rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise BadFile(f"It is neither iCalendar nor CSV: {error}") from error
    for number, row in enumerate(rows, start=1):
        if not row or not row[0].strip():
            continue
        try:
            day = date.fromisoformat(row[0].strip())
        except ValueError:
            if number == 1:
                continue  # the names of the columns
            raise BadFile(f"Line {number} has no day such as 2026-12-25.") from None
        found[day] = row[1] if len(row) > 1 else ""
    return found


def _name(given: str) -> str:
    return "".join(letter for letter in given.strip() if letter.isprintable())[:_NAME_AT_MOST]
