"""A decision that the sub-system refused never reopens: a new notification takes its place.

The link is shown both ways: on the new one, and on the decision that was refused.
"""

import uuid
from datetime import datetime

from accounts.subsystems import Caller
from hub.lib import errors
from notifications import closing
from notifications.models import Decision, Notification


def check(earlier_id: uuid.UUID, *, caller: Caller) -> None:
    """Raise Invalid with /supersedes unless it is the caller's own, and was refused."""
    own = Decision.objects.filter(
        notification_id=earlier_id,
        notification__subsystem_id=caller.subsystem_id,
        notification__mode=caller.mode,
    )
    outcome = own.values_list("outcome", flat=True).first()
    if outcome is None:
        raise _invalid(
            "/supersedes", "unknown_notification", "There is no such decided request of yours."
        )
    if outcome != Decision.Outcome.REFUSED:
        raise _invalid(
            "/supersedes", "not_refused", "Only a decision that you refused is superseded."
        )


def link(new_id: uuid.UUID, *, earlier_id: uuid.UUID, now: datetime) -> None:
    """Note it on both, in the caller's transaction; of several, the first stays on the earlier.

    Who was asked the first time sees it in their change feed.
    """
    Notification.objects.filter(id=new_id).update(supersedes=earlier_id)
    refused = Decision.objects.filter(notification_id=earlier_id, superseded_by=None)
    if refused.update(superseded_by=new_id):
        closing.announce(Notification.objects.get(id=earlier_id), now=now)


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
