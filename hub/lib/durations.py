"""Durations of the contract: ISO 8601 of fixed length, such as P1D, PT4H30M or P2W.

Django's parse_duration knows no weeks, and takes "90", "P" and "3 days 2:00" as well.
"""

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,5})W"
    r"|(?=.)(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?)",
    re.ASCII,
)


class BadDuration(ValueError):
    """Not a duration of the contract; the message says what one looks like."""


def parse(text: str) -> timedelta:
    """The duration, zero or longer. Raises BadDuration.

    Years and months are refused, as nobody can say how long they are; so are signs and fractions.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadDuration("A duration looks like P1D, PT4H30M or P2W; no years, no months.")
    return timedelta(**{unit: int(count) for unit, count in match.groupdict(default="0").items()})


def render(duration: timedelta) -> str:
    """The shortest text that `parse` reads as this duration, which is of whole seconds, ≥ 0."""
    seconds = int(duration.total_seconds())
    if seconds < 0 or timedelta(seconds=seconds) != duration:
        raise ValueError(f"{duration!r} is not of whole seconds, zero or more.")
    days, seconds = divmod(seconds, 86_400)
    time = ""
    for letter, unit in (("H", 3600), ("M", 60), ("S", 1)):
        count, seconds = divmod(seconds, unit)
        time += f"{count}{letter}" if count else ""
    if not days and not time:
        return "PT0S"
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")
