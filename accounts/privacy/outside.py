"""Nobody outside of the company gets data before a privacy notice in effect names them."""

from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings

from accounts.privacy import notices
from hub.lib import logging

log = logging.get(__name__)

WAIT = timedelta(seconds=60)  # what is held back looks again after this
BELIEVED_SECONDS = 30.0
# By recipient: until when (monotonic) it is believed, and whether they may.
_believed: dict[str, tuple[float, bool]] = {}


def may_get(recipient: str, *, now: datetime) -> bool:
    """Whether the notice in effect names them; asked of the database every 30 s in a process.

    With OUTSIDE_NEEDS_NOTICE off, as anywhere but in production, everybody may.
    """
    if not settings.OUTSIDE_NEEDS_NOTICE:
        return True
    until, known = _believed.get(recipient, (0.0, False))
    if monotonic() >= until:
        known = notices.names(recipient, now=now)
        _believed[recipient] = (monotonic() + BELIEVED_SECONDS, known)
        if not known:
            log.error("outside_recipient_not_named", recipient=recipient)
    return known


def forget() -> None:
    """Believe nothing any more."""
    _believed.clear()
