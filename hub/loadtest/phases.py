"""The three phases, with whom they send to, and what they came to."""

import itertools
import secrets
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from accounts import audit, subsystems
from accounts.models import ApiKey, Employee, Subsystem
from hub.lib import clock
from hub.loadtest import drive
from notifications import categories
from notifications.models import Category, Errand

PATH = "/api/v1/notifications"
NAMES = ("loadtest-a", "loadtest-b")
PHASES = {"1x": (1, 1), "5x": (5, 5), "one at 20x": (20, 1)}
PEOPLE = 1000
LIMIT_A_MINUTE = 10_000_000  # the two are not to be stopped by their quota
DRAINED_WITHIN_SECONDS = 120.0

HANDED_ON = """
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY
       extract(epoch FROM delivery.first_tried_at - notification.created_at)), count(*)
  FROM notifications_notification notification
  JOIN notifications_delivery delivery ON delivery.notification_id = notification.id
 WHERE notification.subsystem_id = %s AND notification.mode = 'test'
   AND notification.created_at >= %s
"""


class NobodyToSendTo(Exception):
    """Nobody has a phone that can be reached."""


@dataclass(frozen=True, slots=True)
class Result:
    """One sub-system in one phase: times in milliseconds, rates a second."""

    phase: str
    sender: str
    offered: float
    accepted: float
    refused: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    handed_on_p50_ms: float | None  # from the POST's commit to the provider's door
    handed_on_p95_ms: float | None


def run(url: str, *, rate: float, seconds: float) -> Iterator[Result]:
    """Each phase's results, as it ends. Raises NobodyToSendTo."""
    people = list(
        Employee.objects.filter(
            disabled_at=None, device__closed_at=None, device__push_address_index__isnull=False
        )
        .distinct()
        .values_list("employee_id", flat=True)[:PEOPLE]
    )
    if not people:
        raise NobodyToSendTo
    now, keys = clock.now(), {}
    for name in NAMES:
        issued = subsystems.issue_key(
            subsystem=_subsystem(name, now=now), mode=ApiKey.Mode.TEST, name="loadtest",
            expires_at=now + timedelta(hours=1), actor=audit.HUB, now=now,
        )  # fmt: skip
        keys[name] = issued
    try:
        for phase, times in PHASES.items():
            began = clock.now()
            senders = [
                drive.Sender(name, keys[name].text, _bodies(people), rate * factor)
                for name, factor in zip(NAMES, times, strict=True)
            ]
            tallies = drive.run(url, senders, seconds=seconds, path=PATH)
            _drained()
            for sender in senders:
                yield _result(phase, sender, tallies[sender.name], seconds=seconds, began=began)
    finally:
        for issued in keys.values():
            subsystems.revoke_key(key_id=issued.key.id, actor=audit.HUB, now=clock.now())


def _subsystem(name: str, *, now: datetime) -> Subsystem:
    made, _ = Subsystem.objects.update_or_create(
        key=name,
        defaults={"name": "Load test", "requests_a_minute": LIMIT_A_MINUTE},
        create_defaults={
            "name": "Load test", "requests_a_minute": LIMIT_A_MINUTE, "created_at": now
        },
    )  # fmt: skip
    if not Category.objects.filter(subsystem=made, key="loadtest").exists():
        traits = categories.Traits(name="Load test")
        categories.create(
            subsystem_id=made.id, key="loadtest", traits=traits, actor=audit.HUB, now=now
        )
    return made


def _bodies(people: list[str]) -> drive.Body:
    turns, run_id = itertools.cycle(people), secrets.token_hex(4)

    def body(number: int) -> dict[str, object]:
        return {
            "category": "loadtest", "kind": "request", "reference": f"{run_id}-{number}",
            "title": "Load test", "summary": "Sent with a test key: nobody sees it.",
            "facts": [{"label": "Amount", "value": "412.50", "type": "money", "currency": "EUR"}],
            "audience": {"any": [{"employees": [next(turns)]}]},
        }  # fmt: skip

    return body


def _drained() -> None:
    """Wait until what was sent is handed on, or for so long as a load test may last."""
    ends_at = time.monotonic() + DRAINED_WITHIN_SECONDS
    sent = Errand.objects.filter(
        kind=Errand.Kind.PUSH, subsystem__key__in=NAMES, dead_at=None, due_at__lte=clock.now()
    )
    while sent.exists() and time.monotonic() < ends_at:
        time.sleep(0.2)


def _result(
    phase: str, sender: drive.Sender, tally: drive.Tally, *, seconds: float, began: datetime
) -> Result:
    with connection.cursor() as cursor:
        subsystem_id = Subsystem.objects.values_list("id", flat=True).get(key=sender.name)
        cursor.execute(HANDED_ON, [subsystem_id, began])
        waits, _ = cursor.fetchone() or (None, 0)
    cuts = statistics.quantiles(tally.seconds or [0.0, 0.0], n=100, method="inclusive")
    accepted = tally.statuses.get(202, 0)
    return Result(
        phase=phase,
        sender=sender.name,
        offered=round(sender.rate, 1),
        accepted=round(accepted / seconds, 1),
        refused=sum(tally.statuses.values()) - accepted,
        p50_ms=_ms(cuts[49]),
        p95_ms=_ms(cuts[94]),
        p99_ms=_ms(cuts[98]),
        handed_on_p50_ms=_ms(waits[0]) if waits else None,
        handed_on_p95_ms=_ms(waits[1]) if waits else None,
    )


def _ms(seconds: float) -> float:
    return round(float(seconds) * 1000, 1)
