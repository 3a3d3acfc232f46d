"""Whose clocks show what: the zone of a person, by what is known of them."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings

Clock = tuple[str, str]  # an employee's time zone and geo, either may be blank


def zone(clock: Clock) -> ZoneInfo:
    """Where those clocks are: the employee's own zone, else the geo's, else UTC."""
    time_zone, geo = clock
    return _known(time_zone) or _known(settings.GEO_TIME_ZONES.get(geo, "")) or ZoneInfo("UTC")


@lru_cache(maxsize=1000)
def _known(name: str) -> ZoneInfo | None:
    """The zone of that name; None for what is none, whatever a directory may hold."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, LookupError, OSError):
        return None
