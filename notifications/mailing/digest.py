"""Telling what was gathered by one e-mail, to who has no phone or wants no pushes."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings

from accounts.privacy import notices, outside
from hub.lib import clock, logging
from notifications import digests, errands, outbound, phrases
from notifications.digests import Ready
from notifications.mailing import send, unsubscribe, wording
from notifications.mailing.gateway import Letter
from notifications.models import Digest
from notifications.push.gateway import Fate, Outcome

log = logging.get(__name__)

PURPOSE = "digest"  # in the outbound ledger


def run(*, now: datetime) -> int:
    """Write some of the e-mails that are due; how many were tried.

    A crash repeats as many at most, each under its Message-ID.
    """
    claimed = digests.claim(road=Digest.Road.MAIL, limit=send.AT_A_TIME, now=now)
    ready = digests.look(claimed, now=now) if claimed else []
    wanted = [one for one in ready if one.address]
    for one in ready:
        if not one.address:
            digests.finish(one.digest, error="no_road")
    if wanted:
        _send(wanted, now=now)
    return len(claimed)


def _send(wanted: list[Ready], *, now: datetime) -> None:
    named = outside.may_get(notices.MAIL, now=now)
    wait = send.gateway().admit(len(wanted)) if named else outside.WAIT
    if wait:
        for one in wanted:
            error = "rate" if named else "not_named"
            digests.postpone(one.digest, until=now + wait, error=error, tried=False)
        return
    outcomes = send.gateway().send([letter(one) for one in wanted])
    now = clock.now()
    for one, outcome in zip(wanted, outcomes, strict=True):
        _record(one, outcome, now=now)
    left = Counter(
        (notification, notices.MAIL, PURPOSE)
        for one, outcome in zip(wanted, outcomes, strict=True)
        if outcome.fate is Fate.SENT
        for notification in one.notifications
    )
    outbound.note(left, now=now)
    log.info("digests_mailed", of=len(wanted))


def letter(one: Ready) -> Letter:
    """The e-mail as it leaves: how many there are, in the hub's own words."""
    spoken = phrases.of(one.language)
    wish = unsubscribe.Wish(one.digest.employee_id, unsubscribe.ALL)
    words = wording.digest(
        phrases=spoken,
        hub=settings.HUB_NAME,
        count=len(one.notifications),
        link=f"{settings.HUB_PUBLIC_URL}/#/",
        unsubscribe=unsubscribe.address(wish),
    )
    return Letter(
        message_id=send.message_id(one.digest.pk),
        to=one.address,
        language=spoken.language,
        subject=words.subject,
        text=words.text,
        html=words.html,
        headers=unsubscribe.headers(wish),
    )


def _record(one: Ready, outcome: Outcome, *, now: datetime) -> None:
    if outcome.fate is Fate.SENT:
        digests.finish(one.digest, sent_at=now)
    elif outcome.fate is Fate.GONE:
        digests.finish(one.digest, error=outcome.reason)
    else:
        asked = outcome.retry_after or timedelta(0)
        wait = max(asked, errands.back_off(one.digest.attempts))
        digests.postpone(one.digest, until=now + wait, error=outcome.reason)
