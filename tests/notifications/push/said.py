"""Wordings and pushes for these tests, with everything that a test does not speak of filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from notifications.push import gateway, wording

NOW = datetime(2026, 11, 23, 9, 0, 0, 500_000, tzinfo=UTC)
ID = "019aaf11-2233-7444-8555-666677778888"


def show(**changes: Any) -> gateway.Wording:
    """A public request of the sub-system Expenses, for Android, unless said otherwise."""
    given: dict[str, Any] = {
        "notification_id": ID,
        "version": 3,
        "kind": "request",
        "category": "expense.approval",
        "subsystem_name": "Expenses",
        "sensitivity": "public",
        "title": "Expense report EXP-2291",
        "summary": "Taxi and hotel, Bengaluru",
        "platform": "android",
        "urgent": True,
        "expires_at": NOW + timedelta(days=2),
        "collapse_key": None,
        "silent": False,
        "now": NOW,
    }
    return wording.show(**(given | changes))


def push(value: str, said: gateway.Wording | None = None, kind: str = "token") -> gateway.Push:
    """A push of that wording to that address."""
    return gateway.Push(gateway.Address(kind, value), said or show())


def clear(platform: str) -> gateway.Wording:
    """The clearing of what `show` shows."""
    return wording.clear(notification_id=ID, platform=platform, expires_at=None, now=NOW)
