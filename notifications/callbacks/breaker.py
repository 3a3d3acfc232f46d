"""The breaker of each endpoint: after failures in a row only a probe at a time, ever more rarely.

What waits behind an open breaker keeps its tries: it is claimed again once the endpoint answers.
"""

import random
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypedDict

from django.conf import settings
from django.db import transaction

from accounts import subsystems
from accounts.models import Subsystem
from hub.lib import clock, logging
from notifications import queues
from notifications.models import Breaker, Errand

log = logging.get(__name__)

FIRST_PROBE = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)


def wait(probes: int) -> timedelta:
    """How long to leave an endpoint alone after that many failed probes: 15 s … 10 minutes."""
    return min(LONGEST_WAIT, FIRST_PROBE * (1 << min(probes, 10)))


def failed(
    *, subsystem_id: uuid.UUID, began_at: datetime, retry_after: timedelta | None, now: datetime
) -> None:
    """An endpoint gave no answer, or asked to be called later. Opens its breaker if need be."""
    with transaction.atomic():
        breaker, _ = Breaker.objects.select_for_update().get_or_create(subsystem_id=subsystem_id)
        if breaker.opened_at is not None and began_at < breaker.opened_at:
            return  # it was under way when the breaker opened: it tells nothing new
        breaker.failures = min(breaker.failures + 1, 1_000_000)
        probes = breaker.failures - settings.CALLBACK_BREAKER_FAILURES
        if probes >= 0:
            if breaker.opened_at is None:
                breaker.opened_at = now
                log.error("callback_breaker_opened", subsystem=str(subsystem_id))
            pause = wait(probes) * random.uniform(1.0, 1.2)  # noqa: S311
            breaker.probe_at = now + max(pause, min(retry_after or pause, LONGEST_WAIT))
        breaker.save()


def answered(*, subsystem_ids: Collection[uuid.UUID], now: datetime) -> None:
    """Endpoints answered: closes their breakers, and what had to wait for them is due at once."""
    trouble = Breaker.objects.filter(subsystem_id__in=subsystem_ids, failures__gt=0)
    for subsystem_id in trouble.order_by("subsystem_id").values_list("subsystem_id", flat=True):
        with transaction.atomic():
            _close(subsystem_id, now=now)


def _close(subsystem_id: uuid.UUID, *, now: datetime) -> None:
    breaker = Breaker.objects.select_for_update().get(subsystem_id=subsystem_id)
    was_open = breaker.opened_at is not None
    breaker.failures, breaker.opened_at, breaker.probe_at = 0, None, None
    breaker.save()
    if was_open:
        log.info("callback_breaker_closed", subsystem=str(subsystem_id))
        Errand.objects.filter(
            queue=queues.CALLBACK,
            subsystem_id=subsystem_id,
            dead_at=None,
            due_at__gt=now,
            lease_token=None,
        ).update(due_at=now)
        queues.wake(queues.CALLBACK)


# Of an endpoint: called as usual; some of the last calls failed; probes only; switched off.
STATES = ("ok", "failing", "open", "off")


class Health(TypedDict):
    """How an endpoint is doing."""

    url: str
    state: str
    off_at: str | None
    failures_in_a_row: int
    next_probe_at: str | None
    live_secrets: int


def health(subsystem: Subsystem) -> Health | None:
    """How the sub-system's endpoint is doing; None where no address is registered."""
    if not subsystem.callback_url:
        return None
    breaker = Breaker.objects.filter(subsystem=subsystem).first() or Breaker(failures=0)
    if subsystem.callback_off_at is not None:
        state = "off"
    elif breaker.opened_at is not None:
        state = "open"
    else:
        state = "failing" if breaker.failures else "ok"
    return {
        "url": subsystem.callback_url,
        "state": state,
        "off_at": clock.text(subsystem.callback_off_at),
        "failures_in_a_row": breaker.failures,
        "next_probe_at": clock.text(breaker.probe_at),
        "live_secrets": len(subsystems.live_callback_secrets(subsystem_id=subsystem.pk)),
    }
