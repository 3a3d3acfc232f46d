"""The life of a notification: which state may follow which. All changes of state pass here.

    held → scheduled → open → decided | settled | withdrawn | expired

Each closing state is final. What nobody was asked yet (held, scheduled) can be withdrawn and can
expire, but is never decided or settled.
"""

from datetime import datetime

from notifications.models import Notification

State = Notification.State

NEXT: dict[str, frozenset[str]] = {
    State.HELD: frozenset({State.SCHEDULED, State.OPEN, State.WITHDRAWN, State.EXPIRED}),
    State.SCHEDULED: frozenset({State.OPEN, State.WITHDRAWN, State.EXPIRED}),
    State.OPEN: Notification.CLOSED,
    **dict.fromkeys(Notification.CLOSED, frozenset()),
}


class Forbidden(Exception):
    """A change that the life of a notification does not have: a fault of ours, not a refusal."""


def may(notification: Notification, *, become: Notification.State) -> bool:
    """Whether that state may follow the present one."""
    return become in NEXT[notification.state]


def move(
    notification: Notification, *, to: Notification.State, now: datetime, reason: str | None = None
) -> None:
    """Give a locked notification its next state, in the caller's transaction.

    `reason` is the sender's word for the people, where a person closed it. Raises Forbidden.
    """
    if not may(notification, become=to):
        raise Forbidden(f"{notification.state} is never followed by {to}.")
    notification.state = to
    notification.closed_at = now if to in Notification.CLOSED else None
    notification.closed_reason = reason
    notification.save(update_fields=["state", "closed_at", "closed_reason"])


def upcoming(*, send_at: datetime | None, now: datetime) -> Notification.State:
    """The state in which a notification that nobody holds back begins."""
    return State.SCHEDULED if send_at is not None and send_at > now else State.OPEN
