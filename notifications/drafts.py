"""What a sub-system asks to be sent, and the rules that need nothing but what it says."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.lib import errors
from notifications import waves
from notifications.models import Notification
from notifications.models.notification import Card


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sub-system asks to be sent; shapes are checked already, meanings are not."""

    category: str
    kind: str
    card: Card
    audience: dict[str, Any]
    reference: str = ""
    requester: str | None = None
    sensitivity: str | None = None
    priority: str = Notification.Priority.NORMAL
    collapse_key: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, str] | None = None
    joiners: bool = False
    send_at: datetime | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    on_expiry: str = "none"


def check_times(draft: Draft, *, now: datetime) -> None:
    """Raise Invalid where its moments contradict each other or the present one."""
    if draft.expires_at is not None and draft.expires_at <= max(now, draft.send_at or now):
        raise _invalid("/expires_at", "in_the_past", "It must expire after it is sent.")
    if draft.due_at is not None and draft.expires_at and draft.due_at > draft.expires_at:
        raise _invalid("/due_at", "after_expiry", "It must be due before it expires.")
    if draft.on_expiry != "none" and draft.expires_at is None:
        raise _invalid("/on_expiry", "needs_expires_at", "Say when it expires.")
    if draft.joiners and draft.expires_at is None:
        raise _invalid("/joiners", "needs_expires_at", "Say until when they get it.")
    ends = draft.expires_at
    if draft.waves and ends and ends <= max(now, draft.send_at or now) + waves.LONGEST_WAIT:
        raise _invalid(
            "/expires_at", "before_last_wave", "The last wave is up to 25 hours after the sending."
        )


def policy(draft: Draft, *, seats: int) -> dict[str, Any]:
    """Its policy with all defaults. Raises Invalid for a quorum above the seats."""
    policy: dict[str, Any] = {"mode": "any", "n": 1, "reject_ends": True} | draft.policy
    if policy["mode"] == "quorum" and not 1 <= policy["n"] <= seats:
        raise _invalid(
            "/policy/n", "quorum_unreachable", f"Between 1 and {seats}, the number of approvers."
        )
    return policy


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
