"""Claim, commit, call, record: ranges of recipients to the push provider."""

import functools
import os
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.privacy import notices, outside
from hub.lib import clock, logging
from notifications import editions, errands, phrases, quiet
from notifications.models import Delivery, Errand, Notification
from notifications.push import refusals, replies, results, silence, subjects, targets, wording
from notifications.push.gateway import Address, Fate, Gateway, Outcome, Push, Wording
from notifications.push.subjects import Subject
from notifications.push.targets import Target

log = logging.get(__name__)

# Nothing is pushed later than a provider would keep it.
LONGEST = timedelta(days=28)
# So many pushes take long enough that the next batch can be read in the meantime.
WORTH_A_THREAD = 200
GLANCE_SECONDS = 0.05


# As plain text: to compare an enumeration's member takes ten times as long.
_TEST = str(Notification.Mode.TEST.value)
_OPEN = str(Notification.State.OPEN.value)
_CLEAR = str(Delivery.Purpose.CLEAR.value)
_REFUSED = str(Delivery.Purpose.REFUSED.value)


@functools.cache
def gateway() -> Gateway:
    """The push provider of this process, by setting."""
    made: Gateway = import_string(settings.PUSH_GATEWAY)()
    return made


@dataclass(slots=True)
class Prepared:
    """A claimed batch with everything that is to be read for it."""

    wanted: Sequence[Errand]
    known: Mapping[uuid.UUID, Subject]
    found: Sequence[Target]
    now: datetime
    spared: Sequence[results.Result] = ()  # devices that are left in peace
    until: Mapping[int, datetime] = field(
        default_factory=dict
    )  # errands with somebody to ring then
    windows: Mapping[str, quiet.Window] = field(default_factory=dict)  # of who is told together


def prepare(batch: Sequence[Errand], now: datetime) -> Prepared:
    """Read what the pushes of a claimed batch are to say, and to whom; end what is over."""
    known = subjects.of({errand.about for errand in batch})
    wanted: list[Errand] = []
    over: list[Errand] = []
    for errand in batch:
        subject = known.get(errand.about)
        keen = subject is not None and is_wanted(errand, subject=subject, now=now)
        (wanted if keen else over).append(errand)
    end(over, known=known)
    if not wanted:
        return Prepared((), known, (), now)
    versions = {key: subject.version for key, subject in known.items()}
    found = targets.of(wanted, versions=versions, now=now)
    peace = silence.split(found, errands=wanted, known=known, now=now)
    return Prepared(wanted, known, peace.found, now, peace.spared, peace.until, peace.windows)


def run(batch: Prepared, *, now: datetime, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Push to every device of the errands' ranges that has no final result yet.

    The claim is committed already; nothing is locked while the provider is called. After a crash
    in between, the batch is pushed again under the same tags. While the provider or its bucket is
    waited for, `meanwhile` is called again and again; with a small batch it is not.
    """
    wanted, found = batch.wanted, batch.found
    if not wanted:
        return
    if not outside.may_get(notices.FIREBASE, now=now):
        for errand in wanted:
            errands.postpone(errand, until=now + outside.WAIT, error="not_named", tried=False)
        return
    waits = aside(len(found), functools.partial(admit, found), meanwhile=meanwhile)
    held: dict[int, datetime] = {}
    if waits:  # the others' projects do not wait for those
        for target in found:
            if target.project in waits:
                until = now + waits[target.project]
                held[target.errand_id] = max(until, held.get(target.errand_id, until))
        found = [target for target in found if target.project not in waits]
        if not found and not batch.spared:
            for errand in wanted:
                until = held.get(errand.id, now)
                errands.postpone(errand, until=until, error="rate", tried=False)
            return
    log.info(
        "push_calling",
        errands=[errand.id for errand in wanted][:20],
        notifications=[str(errand.about) for errand in wanted][:20],
        of=len(found),
    )
    outcomes = call(found, errands={errand.id: errand for errand in wanted},
                    known=batch.known, now=batch.now, meanwhile=meanwhile)  # fmt: skip
    results.record(
        wanted,
        versions={key: subject.version for key, subject in batch.known.items()},
        results=[
            *(results.Result(*pair) for pair in zip(found, outcomes, strict=True)),
            *batch.spared,
        ],
        held=held,
        quiet_until=batch.until,
        windows=batch.windows,
        now=clock.now(),
    )


def admit(found: Sequence[Target]) -> dict[str, timedelta]:
    """The projects whose pushes have to wait, and for how long."""
    counts = Counter(target.project for target in found)
    waits = {project: gateway().admit(count, project=project) for project, count in counts.items()}
    return {project: wait for project, wait in waits.items() if wait}


def is_wanted(errand: Errand, *, subject: Subject, now: datetime) -> bool:
    """Whether there is still a reason to push: nothing closed or expired is shown."""
    if now - errand.created_at > LONGEST:
        return False
    if errand.purpose in (_CLEAR, _REFUSED):
        return True
    expired = subject.expires_at is not None and subject.expires_at <= now
    return subject.state == _OPEN and not expired


def call(
    found: Sequence[Target],
    *,
    errands: Mapping[int, Errand],
    known: Mapping[uuid.UUID, Subject],
    now: datetime,
    meanwhile: Callable[[], None],
) -> list[Outcome]:
    """One outcome a target. Test keys reach the gateway's door and no further."""
    outcomes: list[Outcome | None] = [None] * len(found)
    pushes: list[Push] = []
    places: list[int] = []
    subject_of = {errand.id: known[errand.about] for errand in errands.values()}
    wordings: dict[tuple[int, str, str, str], Wording] = {}
    for place, target in enumerate(found):
        if target.address is None:
            outcomes[place] = replies.ours("address_unreadable")
            continue
        subject = subject_of[target.errand_id]
        if subject.mode == _TEST:
            outcomes[place] = Outcome(Fate.SENT, reason=results.TEST_MODE)
            continue
        language = phrases.best(target.language)
        template = (
            ""
            if subject.template is None
            else editions.language_of(subject.edition, target.language)
        )
        key = (target.errand_id, target.platform, language, template)
        words = wordings.get(key)
        if words is None:  # devices that read the same share it, so it is encoded once
            errand = errands[target.errand_id]
            words = wordings[key] = worded(
                errand,
                subject=subject,
                platform=target.platform,
                language=language,
                template_in=template,
                now=now,
            )
        pushes.append(Push(Address(target.kind, target.address, target.project), words))
        places.append(place)
    if pushes:
        sending = functools.partial(gateway().send, pushes)
        said = aside(len(pushes), sending, meanwhile=meanwhile)
        for place, outcome in zip(places, said, strict=True):
            outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def aside[Answer](
    size: int, call: Callable[[], Answer], *, meanwhile: Callable[[], None]
) -> Answer:
    """What the call answers; for many pushes it is made by a thread that spares us the wait.

    That thread never touches the database. It is always the same one, whose connections are kept.
    """
    if size < WORTH_A_THREAD:
        return call()
    calling = _sender(os.getpid()).submit(call)
    while not calling.done():
        meanwhile()
        futures.wait([calling], timeout=GLANCE_SECONDS)
    return calling.result()


@functools.cache
def _sender(_process: int) -> futures.ThreadPoolExecutor:
    """The sending thread of this process; one that was forked away is left alone."""
    return futures.ThreadPoolExecutor(1, thread_name_prefix="push")


def worded(
    errand: Errand,
    *,
    subject: Subject,
    platform: str,
    language: str,
    template_in: str,
    now: datetime,
) -> Wording:
    """What may be said to the devices of one platform whose people speak one language.

    It is the hub's; the sender's template may be there in another one.
    """
    spoken = phrases.of(language)
    title, summary = subject.said(template_in)
    if errand.purpose == _REFUSED:
        return refusals.worded(subject, platform=platform, phrases=spoken, now=now)
    if errand.purpose == _CLEAR:
        return wording.clear(
            notification_id=str(subject.id),
            platform=platform,
            expires_at=subject.expires_at,
            now=now,
        )
    return wording.show(
        notification_id=str(subject.id),
        version=subject.version,
        kind=subject.kind,
        category=subject.category,
        subsystem_name=subject.sender,
        sensitivity=subject.sensitivity,
        title=title,
        summary=summary,
        platform=platform,
        urgent=errand.lane <= 1,
        expires_at=subject.expires_at,
        collapse_key=subject.collapse_key or None,
        silent=False,
        now=now,
        phrases=spoken,
    )


def end(over: Sequence[Errand], *, known: Mapping[uuid.UUID, Subject]) -> None:
    """Nothing to push any more: what was to be tried again is cancelled or expired."""
    for errand in over:
        subject = known.get(errand.about)
        closed = subject is None or subject.state != Notification.State.OPEN
        if errand.attempts > 1 or errand.last_error == Errand.QUIET:  # else nothing was tried
            Delivery.objects.filter(
                notification_id=errand.about,
                purpose=errand.purpose,
                state=Delivery.State.QUEUED,
                employee_id__gte=errand.employee_from,
                employee_id__lte=errand.employee_to,
            ).update(state=Delivery.State.CANCELLED if closed else Delivery.State.EXPIRED)
    errands.finish_all(over)
