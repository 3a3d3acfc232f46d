"""What the hub asks of a push provider, and what a provider may answer.

The one seam between the story and the outside: `notifications.push.fcm` stands behind it in
production and in the demo, a fake in the tests of everything above.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


class Fate(enum.StrEnum):
    """What becomes of one push: the three kinds of failure are never mixed."""

    SENT = "sent"  # the provider took it over
    LATER = "later"  # the same push may be tried again, not before `retry_after`
    GONE = "gone"  # the address is dead, the device is not: forget the address
    OURS = "ours"  # our message or our credentials: alert, never punish the device


@dataclass(frozen=True, slots=True)
class Outcome:
    """The provider's word on one push.

    `reason` is empty where sent, otherwise one of a closed list:
      later  timeout, network, tls, unavailable, internal, quota_exceeded, unreadable,
             unexpected_reply, credentials_unavailable; address_renewed (ours, not the provider's:
             the address that is gone has a successor)
      gone   unregistered, bad_token
      ours   invalid_argument, too_large, bad_token (of suspiciously many), sender_id_mismatch,
             third_party_auth, unauthenticated, permission_denied, not_found,
             credentials_rejected, credentials_invalid, project_unknown
    `name` is the provider's message name where sent. `retry_after` is set exactly where the
    fate is LATER; jitter and the expiry are the caller's. `stop_lane`: nothing can be sent until
    somebody mends credentials or project. A single `sender_id_mismatch` does not set it, since
    one foreign token must not stop everybody: the caller stops above 1 %.
    """

    fate: Fate
    reason: str = ""
    name: str = ""
    retry_after: timedelta | None = None
    stop_lane: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where one device is reached: a registration token or a Firebase installation id.

    Personal data: `value` names one person's phone; it is never logged, `repr` hides it.
    """

    kind: str  # "token" | "fid"
    value: str = field(repr=False)
    project: str = ""  # of the provider; empty: the default one


@dataclass(frozen=True, slots=True)
class Wording:
    """What may leave the building, the same for all devices of one platform."""

    platform: str  # "android" | "ios" | "web"
    data: Mapping[str, str] = field(repr=False)
    alert: tuple[str, str] | None = field(repr=False)  # (title, body) for ios and web
    urgent: bool
    ttl: timedelta  # whole seconds, 0 to 28 days
    tag: str  # the notification's id: a repeat replaces itself
    collapse_key: str | None  # android, where the sender named one
    category: str | None  # ios: which action buttons


@dataclass(frozen=True, slots=True)
class Push:
    """One wording for one device."""

    address: Address
    wording: Wording


class Gateway(Protocol):
    """A push provider."""

    def admit(self, count: int, *, project: str = "") -> timedelta:
        """Zero once `count` pushes of a project may be sent, having waited a moment if need be.

        Anything else is how long to come again after: nothing may be sent before.
        """

    def send(self, pushes: Sequence[Push]) -> list[Outcome]:
        """One outcome a push, in their order.

        Never raises for the provider's doing; blocks at most the configured total time-out.
        Pushes share one Wording object where they say the same: it is encoded once.
        """
