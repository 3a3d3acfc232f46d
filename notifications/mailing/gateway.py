"""What the hub asks of a mail server, and what one may answer: `push.gateway` for e-mail.

`notifications.mailing.smtp` stands behind it. Of an Outcome here:
  later  a reply of 4xx, or a time-out within one message
  gone   a reply of 5xx about this person or this message: it will never get there
  ours   no connection, no sign-in, a sender refused: `stop_lane`, for all the rest too
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from notifications.push.gateway import Outcome


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail. Personal data: the address and the words; `repr` hides them."""

    message_id: str
    to: str = field(repr=False)
    language: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Gateway(Protocol):
    """A mail server."""

    def admit(self, count: int) -> timedelta:
        """How long to wait before so many may be sent; zero where they are reserved."""
        ...

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """One outcome a letter, in order. Never raises."""
        ...
