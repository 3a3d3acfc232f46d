"""What the sub-system's word on an event means for the people: it goes to where it is kept."""

from datetime import datetime

from notifications import submissions
from notifications.callbacks import outcomes
from notifications.models import CallbackEvent


def of(event: CallbackEvent, *, outcome: str, message: str, now: datetime) -> None:
    """Set what became of a decision or of a submission; other events have no outcome."""
    if event.submission:
        submissions.keeper().settle(
            reference=event.submission, outcome=outcome, message=message, now=now
        )
    elif event.type == "decision.made" and event.notification is not None:
        outcomes.settle(event.notification, outcome=outcome, message=message, now=now)
