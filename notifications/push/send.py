"""Claim, commit, call, record: ranges of recipients to the push provider."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from hub.lib import clock, logging
from notifications import errands
from notifications.models import Delivery, Errand, Notification
from notifications.push import refusals, replies, results, subjects, targets, wording
from notifications.push.gateway import Address, Fate, Gateway, Outcome, Push, Wording
from notifications.push.subjects import Subject
from notifications.push.targets import Target

log = logging.get(__name__)

# Nothing is pushed later than a provider would keep it.
LONGEST = timedelta(days=28)


# As plain text: to compare an enumeration's member takes ten times as long.
_TEST = str(Notification.Mode.TEST.value)
_OPEN = str(Notification.State.OPEN.value)
_CLEAR = str(Delivery.Purpose.CLEAR.value)
_REFUSED = str(Delivery.Purpose.REFUSED.value)


@cache
def gateway() -> Gateway:
    """The push provider of this process, by setting."""
    made: Gateway = import_string(settings.PUSH_GATEWAY)()
    return made


def run(batch: Sequence[Errand], now: datetime) -> None:
    """Push to every device of the errands' ranges that has no final result yet.

    The claim is committed already; nothing is locked while the provider is called. After a crash
    in between, the batch is pushed again under the same tags.
    """
    known = subjects.of({errand.notification_id for errand in batch})
    wanted: list[Errand] = []
    over: list[Errand] = []
    for errand in batch:
        subject = known.get(errand.notification_id)
        keen = subject is not None and is_wanted(errand, subject=subject, now=now)
        (wanted if keen else over).append(errand)
    end(over, known=known)
    if not wanted:
        return
    versions = {key: subject.version for key, subject in known.items()}
    found = targets.of(wanted, versions=versions)
    waits = admit(found)
    held: dict[int, datetime] = {}
    if waits:  # the others' projects do not wait for those
        for target in found:
            if target.project in waits:
                until = now + waits[target.project]
                held[target.errand_id] = max(until, held.get(target.errand_id, until))
        found = [target for target in found if target.project not in waits]
        if not found:
            for errand in wanted:
                until = held.get(errand.id, now)
                errands.postpone(errand, until=until, error="rate", tried=False)
            return
    log.info(
        "push_calling",
        errands=[errand.id for errand in wanted][:20],
        notifications=[str(errand.notification_id) for errand in wanted][:20],
        of=len(found),
    )
    outcomes = call(found, errands={errand.id: errand for errand in wanted},
                    known=known, now=now)  # fmt: skip
    results.record(
        wanted,
        versions=versions,
        results=[results.Result(*pair) for pair in zip(found, outcomes, strict=True)],
        held=held,
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
) -> list[Outcome]:
    """One outcome a target. Test keys reach the gateway's door and no further."""
    outcomes: list[Outcome | None] = [None] * len(found)
    pushes: list[Push] = []
    places: list[int] = []
    subject_of = {errand.id: known[errand.notification_id] for errand in errands.values()}
    wordings: dict[tuple[int, str], Wording] = {}
    for place, target in enumerate(found):
        if target.address is None:
            outcomes[place] = replies.ours("address_unreadable")
            continue
        subject = subject_of[target.errand_id]
        if subject.mode == _TEST:
            outcomes[place] = Outcome(Fate.SENT, reason=results.TEST_MODE)
            continue
        key = (target.errand_id, target.platform)
        said = wordings.get(key)
        if said is None:  # devices that read the same share it, so it is encoded once
            errand = errands[target.errand_id]
            said = wordings[key] = worded(
                errand, subject=subject, platform=target.platform, now=now
            )
        pushes.append(Push(Address(target.kind, target.address, target.project), said))
        places.append(place)
    if pushes:
        for place, outcome in zip(places, gateway().send(pushes), strict=True):
            outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def worded(errand: Errand, *, subject: Subject, platform: str, now: datetime) -> Wording:
    """What may be said to the devices of one platform."""
    if errand.purpose == _REFUSED:
        return refusals.worded(subject, platform=platform, now=now)
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
        title=subject.title,
        summary=subject.summary,
        platform=platform,
        urgent=errand.lane <= 1,
        expires_at=subject.expires_at,
        collapse_key=subject.collapse_key or None,
        silent=False,
        now=now,
    )


def end(over: Sequence[Errand], *, known: Mapping[uuid.UUID, Subject]) -> None:
    """Nothing to push any more: what was to be tried again is cancelled or expired."""
    for errand in over:
        subject = known.get(errand.notification_id)
        closed = subject is None or subject.state != Notification.State.OPEN
        if errand.attempts > 1:  # else nothing was tried
            Delivery.objects.filter(
                notification_id=errand.notification_id,
                purpose=errand.purpose,
                state=Delivery.State.QUEUED,
                employee_id__gte=errand.employee_from,
                employee_id__lte=errand.employee_to,
            ).update(state=Delivery.State.CANCELLED if closed else Delivery.State.EXPIRED)
    errands.finish_all(over)
