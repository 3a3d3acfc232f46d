"""Submissions of forms, as far as the story has to do with them: it tells and is about them.

They are kept elsewhere, on top of the story; whoever keeps them says so at start, once.
"""

import uuid
from datetime import datetime
from typing import Protocol

from accounts.subsystems import Caller
from hub.lib import errors
from notifications.models import Notification


class Keeper(Protocol):
    """Whoever keeps submissions."""

    def exists(self, *, reference: str, subsystem_id: uuid.UUID) -> bool:
        """Whether this reference is of something handed in to that sub-system."""

    def settle(self, *, reference: str, outcome: str, message: str, now: datetime) -> None:
        """Note what became of it, by the words of `Decision.Outcome`; final ones stay."""


_keepers: list[Keeper] = []


def kept_by(keeper: Keeper) -> None:
    """Called at start by whoever keeps submissions."""
    _keepers[:] = [keeper]


def keeper() -> Keeper:
    """Whoever keeps them."""
    return _keepers[0]


def check(reference: str, *, caller: Caller) -> None:
    """Raise Invalid with /submission unless it was handed in to the caller; such are live.

    Most notifications are about none: "" is fine.
    """
    if not reference:
        return
    is_live = caller.mode == Notification.Mode.LIVE
    if not is_live or not keeper().exists(reference=reference, subsystem_id=caller.subsystem_id):
        sentence = "Nothing was handed in to your sub-system under this reference."
        flaw = errors.FieldError("/submission", "unknown_submission", sentence)
        raise errors.Invalid(sentence, errors=[flaw])


def link(notification_id: uuid.UUID, *, reference: str) -> None:
    """Note what a notification is about, in the caller's transaction; "" is nothing."""
    if reference:
        Notification.objects.filter(id=notification_id).update(submission=reference)
