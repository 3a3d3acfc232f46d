"""Claim, commit, send, record: e-mail behind the pushes, in small steps over one connection.

See docs/adr/0024-e-mail.md.
"""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.privacy import notices, outside
from hub.lib import clock, logging
from notifications import errands, outbound, phrases, queues, quiet
from notifications.mailing import recipients, unsubscribe, wording
from notifications.mailing.gateway import Gateway, Letter
from notifications.mailing.recipients import Addressee
from notifications.models import Category, Errand, Mail, Notification
from notifications.push import subjects
from notifications.push.gateway import Fate, Outcome
from notifications.push.subjects import Subject

log = logging.get(__name__)

AT_A_TIME = 20  # letters; as many may leave twice after a crash
SECONDS_AT_MOST = timedelta(seconds=10)
ATTEMPTS_AT_MOST = 20  # of a letter that is put off by the server again and again
_SHOW, _FALLBACK = str(Mail.Purpose.SHOW.value), str(Mail.Purpose.FALLBACK.value)


@functools.cache
def gateway() -> Gateway:
    """The mail server of this process, by setting."""
    made: Gateway = import_string(settings.MAIL_GATEWAY)()
    return made


@dataclass(frozen=True, slots=True)
class Step:
    """What is left after a step: how long to wait before the next one, None if nothing is."""

    wait: timedelta | None
    error: str = ""


def run(errand: Errand, now: datetime) -> None:
    """Write to those of the errand's people who need it, and wait for those who may need it later.

    First who has no phone; after MAIL_FALLBACK_AFTER those who have not looked, where it matters.
    """
    known = subjects.of({errand.about}).get(errand.about)
    if known is None or not _is_wanted(known, now=now):
        recipients.cancel(errand)
        errands.finish(errand)
        return
    if errand.purpose == _FALLBACK and not _falls_back(errand, known):
        errand.purpose = _SHOW  # whose phone was lost meanwhile is written to, and nobody else
    silences, windows = _silences(errand, known, now=now)
    recipients.choose(errand, subject=known, silent=silences.keys(), windows=windows, now=now)
    step = _send(errand, known, now=now)
    if step.wait is not None:
        tried = bool(step.error)
        errands.postpone(errand, until=clock.now() + step.wait, error=step.error, tried=tried)
        if not step.wait:
            queues.wake(errand.queue)
    elif silences:
        until = min(until for until in silences.values())
        errands.postpone(errand, until=until, error=Errand.QUIET, tried=False)
    elif errand.purpose == _SHOW and _falls_back(errand, known):
        Errand.objects.filter(id=errand.id, lease_token=errand.lease_token).update(
            purpose=_FALLBACK
        )
        until = errand.created_at + settings.MAIL_FALLBACK_AFTER
        errands.postpone(errand, until=until, error="", tried=False)
    else:
        errands.finish(errand)


def _is_wanted(subject: Subject, *, now: datetime) -> bool:
    over = subject.expires_at is not None and subject.expires_at <= now
    live = subject.mode == Notification.Mode.LIVE
    return live and subject.state == Notification.State.OPEN and not over


def _falls_back(errand: Errand, subject: Subject) -> bool:
    """Whether who has a phone is written to as well: not for what can be refused, nor in bulk."""
    return subject.optional is None and errand.lane != queues.BROADCAST


def _silences(
    errand: Errand, subject: Subject, *, now: datetime
) -> tuple[dict[str, datetime], dict[str, quiet.Window]]:
    """Who of the errand's people wants to be left in peace now, until when; who is told later."""
    assert errand.employee_from is not None
    assert errand.employee_to is not None
    urgent = errand.lane == queues.URGENT
    people = quiet.Range(str(errand.employee_from), str(errand.employee_to), None, urgent)
    chosen = quiet.of([people], now=now)
    gathers = subject.optional is not None and not urgent
    windows = chosen.windows if gathers else {}
    silences = {
        employee: silence.until
        for (_, employee), silence in chosen.silences.items()
        if silence.until is not None and employee not in windows
    }
    return silences, windows


def _send(errand: Errand, subject: Subject, *, now: datetime) -> Step:
    """Send what is queued, each once, for a while."""
    category = Category.objects.get(notification=subject.id)
    if not outside.may_get(notices.MAIL, now=now):
        return Step(outside.WAIT)
    after: UUID | None = None
    again: Outcome | None = None
    while batch := recipients.queued(errand, subject=subject, after=after, limit=AT_A_TIME):
        after = batch[-1].employee_id  # who is put off does not hold up the others
        if clock.now() - now > SECONDS_AT_MOST:
            return Step(timedelta(0))
        wait = gateway().admit(len(batch))
        if wait:
            return Step(wait)
        outcomes = gateway().send([letter(one, subject, category=category) for one in batch])
        again = _record(batch, outcomes) or again
        left = Counter(
            (subject.id, notices.MAIL, one.purpose)
            for one, outcome in zip(batch, outcomes, strict=True)
            if outcome.fate is Fate.SENT
        )
        outbound.note(left, now=clock.now())
        if again is not None and again.stop_lane:
            break
        if not errands.extend(errand, now=clock.now()):
            break  # another worker took it over, and whatever we say of it is not heard
    if again is None:
        return Step(None)
    wait = max(again.retry_after or timedelta(0), errands.back_off(errand.attempts))
    return Step(wait, again.reason)


def letter(one: Addressee, subject: Subject, *, category: Category) -> Letter:
    """The e-mail as it leaves."""
    spoken = phrases.of(one.language)
    title, summary = subject.said(one.language)
    wish = unsubscribe.Wish(one.employee_id, category.pk) if subject.optional else None
    words = wording.words(
        phrases=spoken,
        hub=settings.HUB_NAME,
        sender=subject.sender,
        kind=subject.kind,
        sensitivity=subject.sensitivity,
        title=title,
        summary=summary,
        purpose=one.purpose,
        link=f"{settings.HUB_PUBLIC_URL}/#/item/{subject.id}",
        category=category.name,
        unsubscribe=unsubscribe.address(wish) if wish else "",
    )
    return Letter(
        message_id=message_id(one.mail_id),
        to=one.address,
        language=spoken.language,
        subject=words.subject,
        text=words.text,
        html=words.html,
        headers=unsubscribe.headers(wish) if wish else {},
    )


def message_id(mail_id: UUID) -> str:
    """The same at every try, so that a mailbox knows a repeat."""
    domain = settings.MAIL_FROM.rpartition("@")[2].rstrip("> ")
    return f"<{mail_id}@{domain}>"


def _record(batch: Sequence[Addressee], outcomes: Sequence[Outcome]) -> Outcome | None:
    """Write down what became of them; an outcome for which to come again, if there is one."""
    now, again = clock.now(), None
    for one, outcome in zip(batch, outcomes, strict=True):
        row = Mail.objects.filter(id=one.mail_id, state=Mail.State.QUEUED)
        if outcome.fate is Fate.SENT:
            row.update(state=Mail.State.SENT, sent_at=now, reason="")
        elif outcome.fate is Fate.GONE:
            row.update(state=Mail.State.FAILED, reason=outcome.reason)
        elif outcome.stop_lane:
            again = outcome
        else:
            again = again or outcome
            attempts = row.values_list("attempts", flat=True).first() or 0
            over = attempts + 1 >= ATTEMPTS_AT_MOST
            row.update(
                state=Mail.State.FAILED if over else Mail.State.QUEUED,
                attempts=attempts + 1, reason=outcome.reason,
            )  # fmt: skip
    fates = [str(outcome.fate) for outcome in outcomes]
    log.info("mail_recorded", sent=fates.count("sent"), gone=fates.count("gone"), of=len(fates))
    return again
