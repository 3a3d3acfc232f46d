"""When people work: days of the week, hours of the day, holidays; by the clocks of a zone. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A calendar with a longer pause than this is taken for one in which nobody ever works.
_LOOKS_AHEAD_DAYS = 366


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The times in which people of a place may be disturbed."""

    week_days: frozenset[int] = frozenset({0, 1, 2, 3, 4})  # Monday is 0
    opens_at: time = time.min
    closes_at: time | None = None  # not included; None: midnight
    holidays: frozenset[date] = field(default_factory=frozenset)

    def has(self, local: datetime) -> bool:
        """Whether people work at that moment of their own clocks."""
        return self._is_working_day(local.date()) and self._is_open(local.time())

    def _is_working_day(self, day: date) -> bool:
        return day.weekday() in self.week_days and day not in self.holidays

    def _is_open(self, at: time) -> bool:
        return self.opens_at <= at and (self.closes_at is None or at < self.closes_at)


def next_working_moment(working: WorkingTime, *, zone: ZoneInfo, moment: datetime) -> datetime:
    """That moment, if people work then there; else the next beginning of their work. UTC.

    An opening hour that the clocks skip that day is taken as late as they were put forward; of one
    that comes twice the first counts. Where nobody works within a year it is the moment itself: a
    calendar without working days must not keep a word back for ever.
    """
    local = moment.astimezone(zone)
    if working.has(local):
        return moment.astimezone(UTC)
    for later in range(_LOOKS_AHEAD_DAYS + 1):
        day = local.date() + timedelta(days=later)
        opening = datetime.combine(day, working.opens_at, tzinfo=zone).astimezone(UTC)
        # By the clocks again, because the hour may not be there that day.
        if opening >= moment and working.has(opening.astimezone(zone)):
            return opening
    return moment.astimezone(UTC)
