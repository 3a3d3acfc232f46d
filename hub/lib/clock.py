"""The only reader of the wall clock; domain functions receive `now` instead of asking."""

from datetime import UTC, datetime
from typing import overload


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


@overload
def text(moment: datetime) -> str: ...
@overload
def text(moment: datetime | None) -> str | None: ...
def text(moment: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC, ending in Z, as it leaves the house; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
