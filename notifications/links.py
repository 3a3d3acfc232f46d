"""What a notification is linked with: the one it supersedes, and the submission it is about."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.subsystems import Caller
from notifications import attachments, submissions, supersession
from notifications.drafts import Draft


def check(draft: Draft, *, caller: Caller) -> None:
    """Raise Invalid where it names what it cannot be linked with."""
    if draft.supersedes is not None:
        supersession.check(draft.supersedes, caller=caller)
    submissions.check(draft.submission, caller=caller)


def make(
    notification_id: uuid.UUID, *, supersedes: uuid.UUID | None, submission: str, now: datetime
) -> None:
    """Note the links of a notification that was written, in the caller's transaction."""
    if supersedes is not None:
        supersession.link(notification_id, earlier_id=supersedes, now=now)
    submissions.link(notification_id, reference=submission)


def attach(id_: uuid.UUID, files: Sequence[Mapping[str, Any]], *, caller: Caller) -> None:
    """Give a notification the files on its card, in the transaction that writes it."""
    if files:
        attachments.attach(id_, files, caller=caller)
