"""What became of a decision at the sub-system, for the people who wait to read it."""

from datetime import datetime

from notifications import closing
from notifications.models import Decision, Notification


def settle(notification: Notification, *, outcome: str, message: str, now: datetime) -> bool:
    """Set what became of a decision, unless its final word is known; False if it was.

    Everybody who received the request sees it in their change feed.
    """
    updated = (
        Decision.objects.filter(notification=notification)
        .exclude(outcome__in=Decision.FINAL)
        .update(outcome=outcome, outcome_message=message, outcome_at=now)
    )
    if updated:
        closing.announce(notification, now=now)
    return bool(updated)
