"""Waves by time zone: everybody gets it at the same hour of their own day.

A wave is a moment and whose clocks show the hour then. An employee's clock is their own time zone,
else their geo's (GEO_TIME_ZONES), else UTC. Zones whose hour comes at the same moment are one wave.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Employee
from notifications.clocks import Clock, zone

# The hour comes round once a day; where clocks are set back that day, after 25 hours.
LONGEST_WAIT = timedelta(hours=25)


def moment(zone: ZoneInfo, *, at: time, start: datetime) -> datetime:
    """When it is that hour there for the first time at or after `start`; UTC.

    An hour that the clocks skip that day is taken as late as the clocks were put forward; of an
    hour that comes twice the first one counts.
    """
    day = start.astimezone(zone).date()
    for later in range(3):
        local = datetime.combine(day + timedelta(days=later), at, tzinfo=zone)
        found = local.astimezone(UTC)
        if found >= start:
            return found
    raise AssertionError(f"{zone} has no {at} for three days")  # no zone has


def plan(people: QuerySet[Employee], *, at: time, start: datetime) -> list[datetime]:
    """The moments at which it is that hour for some of these people, in order."""
    return sorted({moment(zone(clock), at=at, start=start) for clock in _clocks(people)})


def of(
    people: QuerySet[Employee], *, wave_at: datetime, at: time, start: datetime
) -> QuerySet[Employee]:
    """Those of the people whose hour that moment is."""
    theirs = [
        clock for clock in _clocks(people) if moment(zone(clock), at=at, start=start) == wave_at
    ]
    condition = Q(pk__in=[])
    for time_zone, geo in theirs:
        condition |= Q(time_zone=time_zone, geo=geo)
    return people.filter(condition)


def _clocks(people: QuerySet[Employee]) -> list[Clock]:
    return list(people.order_by().values_list("time_zone", "geo").distinct())
