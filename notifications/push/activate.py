"""Pushing codes to addresses that are to be proved: nothing else goes there. See docs/adr/0026.

An activation is its own errand, with a lease like those of the outbox (docs/adr/0002): it belongs
to no notification and to no sub-system, so it has no place among them. Claim, commit, call, record.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import activation
from accounts.models import Activation
from hub.lib import crypto, ids, logging
from notifications import errands, switches
from notifications.push import results, send, wording
from notifications.push.gateway import Address, Fate, Outcome, Push

log = logging.get(__name__)

AT_ONCE = 200


def run(*, now: datetime) -> int:
    """Push the codes that are due; how many were tried. None while pushes are paused."""
    tried = 0
    while switches.pushes_paused_at() is None:
        claimed = _claim(now=now)
        if not claimed:
            break
        _push(claimed, now=now)
        tried += len(claimed)
    return tried


def _claim(*, now: datetime) -> list[Activation]:
    token = ids.uuid7()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    with transaction.atomic():
        due = Activation.objects.filter(free, due_at__lte=now).order_by("due_at")
        rows = due.select_for_update(skip_locked=True)[:AT_ONCE].values_list("pk", flat=True)
        Activation.objects.filter(pk__in=list(rows)).update(
            lease_until=now + settings.ERRAND_LEASE,
            lease_token=token,
            attempts=F("attempts") + 1,
        )
    return list(Activation.objects.filter(lease_token=token).select_related("device"))


def _push(claimed: Sequence[Activation], *, now: datetime) -> None:
    by_project: dict[str, list[tuple[Activation, Push]]] = {}
    for row in claimed:
        try:
            address = Address(row.kind, str(row.address), row.project)
        except crypto.DecryptionError:
            log.error("push_address_unreadable", device=str(row.device_id))
            _again(row, wait=timedelta(minutes=10), error="address_unreadable", now=now)
            continue
        words = wording.activate(
            code=activation.code_of(row.pk),
            platform=row.device.platform,
            ttl=settings.PUSH_ECHO_LIFE,
        )
        by_project.setdefault(row.project, []).append((row, Push(address, words)))
    for project, pairs in by_project.items():
        wait = send.gateway().admit(len(pairs), project=project)
        if wait:
            for row, _ in pairs:
                _again(row, wait=wait, error="rate", now=now)
            continue
        outcomes = send.gateway().send([push for _, push in pairs])
        for (row, _), outcome in zip(pairs, outcomes, strict=True):
            _record(row, outcome, now=now)
        results.lane_stopped(outcomes)  # raises the alarm, if it is our fault
        log.info(
            "activations_pushed",
            devices=[str(row.device_id) for row, _ in pairs][:20],
            sent=sum(outcome.fate is Fate.SENT for outcome in outcomes),
        )


def _record(row: Activation, outcome: Outcome, *, now: datetime) -> None:
    if outcome.fate is Fate.SENT:
        _mine(row).update(
            due_at=None, lease_until=None, lease_token=None, sent_at=now, last_error=""
        )
    elif outcome.fate is Fate.GONE:
        activation.drop(row, reason=outcome.reason, now=now)
    else:  # what is our fault is tried again until its time is over: somebody may mend it
        asked = outcome.retry_after or timedelta(0)
        wait = max(asked, errands.back_off(row.attempts))
        _again(row, wait=wait, error=outcome.reason, now=now)


def _again(row: Activation, *, wait: timedelta, error: str, now: datetime) -> None:
    _mine(row).update(due_at=now + wait, lease_until=None, lease_token=None, last_error=error[:32])


def _mine(row: Activation) -> QuerySet[Activation]:
    """The row, while it is under our lease: one that was registered again meanwhile is due anew."""
    return Activation.objects.filter(
        pk=row.pk, lease_token=row.lease_token, registered_at=row.registered_at
    )
