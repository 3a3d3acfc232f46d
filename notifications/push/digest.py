"""Telling what was gathered, by one push to each phone of its person. See docs/adr/0019.

Claim, commit, call, record, as with pushes. Where there is no phone any more, or no pushes are
wanted, it goes by e-mail (`mailing.digest`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import devices
from accounts.models import Device
from accounts.privacy import notices, outside
from hub.lib import clock, crypto, logging
from notifications import digests, errands, outbound, phrases, queues, switches
from notifications.digests import Ready
from notifications.models import Digest
from notifications.push import results, send, wording
from notifications.push.gateway import Address, Fate, Outcome, Push

log = logging.get(__name__)

AT_ONCE = 200
PURPOSE = "digest"  # in the outbound ledger

Try = tuple[Ready, Device, Push]


def run(*, now: datetime) -> int:
    """Tell some of what is due; how many were tried. None while pushes are paused."""
    if switches.pushes_paused_at() is not None:
        return 0
    claimed = digests.claim(road=Digest.Road.PUSH, limit=AT_ONCE, now=now)
    if not claimed:
        return 0
    ready = digests.look(claimed, now=now)
    phones = _phones([one for one in ready if one.push])
    by_project: dict[str, list[Try]] = defaultdict(list)
    for one in ready:
        pushes = list(_pushes(one, phones.get(str(one.digest.employee_id), ())))
        if not pushes:
            _to_mail(one, now=now)
        for device, push in pushes:
            by_project[push.address.project].append((one, device, push))
    said = _send(by_project, now=now)
    for one in ready:
        if one.digest.pk in said:
            _record(one, said[one.digest.pk], now=clock.now())
    return len(claimed)


def _phones(ready: Sequence[Ready]) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = defaultdict(list)
    people = [one.digest.employee_id for one in ready]
    for device in Device.objects.filter(
        employee__in=people, push_address_index__isnull=False, closed_at=None
    ):
        found[str(device.employee_id)].append(device)
    return found


def _pushes(one: Ready, phones: Sequence[Device]) -> Iterator[tuple[Device, Push]]:
    for device in phones:
        try:
            address = Address(device.push_kind, str(device.push_address), device.push_project)
        except crypto.DecryptionError:
            log.error("push_address_unreadable", device=str(device.pk))
            continue
        words = wording.digest(
            digest_id=str(one.digest.pk),
            hub=settings.HUB_NAME,
            count=len(one.notifications),
            platform=device.platform,
            phrases=phrases.of(one.language),
        )
        yield device, Push(address, words)


def _to_mail(one: Ready, *, now: datetime) -> None:
    if not (settings.MAIL_HOST and one.address):
        digests.finish(one.digest, error="no_road")
        return
    with transaction.atomic():
        digests.postpone(one.digest, until=now, error="", road=Digest.Road.MAIL, tried=False)
        queues.wake(queues.MAIL)


Said = list[tuple[Device, Outcome]]


def _send(by_project: dict[str, list[Try]], *, now: datetime) -> dict[object, Said]:
    """What the provider said to each digest, by its id; `later` where it was not asked."""
    said: dict[object, Said] = defaultdict(list)
    named = outside.may_get(notices.FIREBASE, now=now)
    for project, tries in by_project.items():
        wait = send.gateway().admit(len(tries), project=project) if named else outside.WAIT
        if wait:
            held = Outcome(Fate.LATER, "rate" if named else "not_named", retry_after=wait)
            outcomes = [held] * len(tries)
        else:
            outcomes = send.gateway().send([push for _, _, push in tries])
            results.lane_stopped(outcomes)  # raises the alarm, if it is our fault
            left = Counter(
                (notification, notices.FIREBASE, PURPOSE)
                for one, _, _ in tries
                for notification in one.notifications
            )
            outbound.note(left, now=clock.now())
        for (one, device, _), outcome in zip(tries, outcomes, strict=True):
            said[one.digest.pk].append((device, outcome))
    log.info("digests_pushed", of=len(said))
    return said


def _record(one: Ready, said: Said, *, now: datetime) -> None:
    """Over once a phone has it. Where all addresses are dead, another road is looked for at once.

    A phone that was put off while another one got it is not tried again.
    """
    dead = [
        devices.Dead(
            device_id=device.pk,
            registered_before=device.push_registered_at or now,
            reason=outcome.reason,
        )
        for device, outcome in said
        if outcome.fate is Fate.GONE
    ]
    fates = {outcome.fate for _, outcome in said}
    with transaction.atomic():
        devices.forget_push_addresses(dead, now=now)
        if Fate.SENT in fates:
            digests.finish(one.digest, sent_at=now)
        elif fates == {Fate.GONE}:
            digests.postpone(one.digest, until=now, error="no_phone")
        else:  # what is our fault is tried again until its time is over: somebody may mend it
            again = [outcome for _, outcome in said if outcome.fate is not Fate.GONE]
            asked = max(outcome.retry_after or timedelta(0) for outcome in again)
            wait = max(asked, errands.back_off(one.digest.attempts))
            digests.postpone(one.digest, until=now + wait, error=again[0].reason)
