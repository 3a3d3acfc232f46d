"""When what is gathered for somebody comes: by the hour or the day of their clocks. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

IMMEDIATE, HOURLY, DAILY = "immediate", "hourly", "daily"
USUAL_HOUR = "08:00"


def end(every: str, *, at: str, zone: ZoneInfo, moment: datetime) -> datetime:
    """The end of the window in which that moment lies, always after it. UTC.

    Hourly: the next full hour that the clocks show. Daily: when they show `at` next; an hour that
    they skip is taken as late as they were put forward, of one that comes twice the first counts.
    """
    local = moment.astimezone(zone)
    if every == HOURLY:
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment.astimezone(UTC) + timedelta(hours=1) - past
    clock = time.fromisoformat(at)
    day = local.date()
    while True:
        ends = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
        if ends > moment:
            return ends
        day += timedelta(days=1)
