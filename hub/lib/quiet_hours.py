"""Hours of the week in which somebody wants silence, by the clocks of a zone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A week without an open minute is cut here, and looked at again.
LONGEST = timedelta(days=7)
# Any week will do: which hours of it are open does not depend on the year.
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Silence from an hour until another one, beginning on these days of the week.

    Where the end is not after the beginning, it is on the next day.
    """

    days: frozenset[int]  # Monday is 0
    begins_at: time
    ends_at: time

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """The window of `{"days": ["monday"], "from": "22:00", "until": "07:00"}`."""
        return cls(
            days=frozenset(DAYS.index(day) for day in said["days"]),
            begins_at=time.fromisoformat(said["from"]),
            ends_at=time.fromisoformat(said["until"]),
        )

    def end(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When the window ends in which that moment lies; None if it lies in none. UTC.

        An hour that the clocks skip is taken as late as they were put forward; of one that comes
        twice the first counts.
        """
        today = moment.astimezone(zone).date()
        for day in (today, today - timedelta(days=1)):
            if day.weekday() not in self.days:
                continue
            last = day if self.ends_at > self.begins_at else day + timedelta(days=1)
            begins = datetime.combine(day, self.begins_at, tzinfo=zone).astimezone(UTC)
            ends = datetime.combine(last, self.ends_at, tzinfo=zone).astimezone(UTC)
            if begins <= moment < ends:
                return ends
        return None


def silent_until(windows: Sequence[Window], *, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """When silence ends that holds at that moment; None if none does. UTC.

    Windows that follow one another without a pause are one silence, LONGEST at most.
    """
    end, found = moment, True
    while found and end - moment < LONGEST:
        found = False
        for window in windows:
            later = window.end(end, zone)
            if later is not None and later > end:
                end, found = later, True
    return min(end, moment + LONGEST) if end > moment else None


def leaves_open(windows: Sequence[Window]) -> bool:
    """Whether there is any minute of the week that is not silent."""
    end = silent_until(windows, zone=ZoneInfo("UTC"), moment=_MONDAY)
    return end is None or end - _MONDAY < LONGEST
