"""The only reader of the wall clock; domain functions receive `now` instead of asking."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)
