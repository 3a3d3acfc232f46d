"""One broadcast of the hub, measured from its POST until every push is recorded."""

import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks import figures, hub, machine, seed

FINISHED = """
SELECT fanned_out_at IS NOT NULL AND NOT EXISTS (
         SELECT FROM notifications_errand WHERE notification_id = notification.id),
       EXISTS (SELECT FROM notifications_errand
                WHERE notification_id = notification.id AND dead_at IS NOT NULL)
  FROM notifications_notification notification WHERE id = %s
"""
RECORDED = """
SELECT count(*) FILTER (WHERE state = 'sent'), count(*)
  FROM notifications_delivery WHERE notification_id = %s
"""


class Wrong(Exception):
    """What was measured did not do its job; the figures would mean nothing."""


def audience(share: float) -> dict[str, Any]:
    """About that share of all employees: everybody, or some of the departments and geos."""
    if share >= 1:
        return {"any": [{"everybody": True}]}
    count = max(1, round(share * seed.DEPARTMENTS))
    if share * seed.DEPARTMENTS >= 1:
        return {"any": [{"department": f"Department {n}"} for n in range(count)]}
    return {"all": [{"department": "Department 0"}, {"geo": seed.GEOS[0]}]}


def send(made: hub.Stack, *, share: float = 1, latency_ms: float = 0) -> dict[str, float]:
    """Broadcast once to a share of the employees. Raises Wrong unless all is sent and recorded."""
    made.firebase.reset(latency_ms=latency_ms)
    made.forget_rate()
    for pid in made.worker_pids:
        machine.forget_peaks(pid)
    posted: dict[str, Any] = {}

    def act() -> None:
        posted.update(made.post("/notifications", seed.notice(audience(share), priority="bulk")))
        if posted["state"] != "open":
            raise Wrong(f"the notification is {posted['state']}")
        finish(made, posted["id"])

    said = cost(made, 1, "worker", act)
    sent, total = recorded(made, posted["id"])
    stats = made.firebase.stats()
    if not sent == total == stats["distinct"] == stats["accepted"]:
        raise Wrong(f"{sent} of {total} recorded as sent, {stats}")
    seconds, cpu = said["seconds"], said["cpu_seconds"]
    return {
        "devices": sent,
        "seconds": figures.digits(seconds),
        "pushes_per_s": figures.digits(sent / seconds),
        "sustained_per_s": sustained(stats),
        "pushes_per_cpu_s": figures.digits(sent / cpu),
        "cpu_us_per_push": figures.digits(cpu / sent * 1e6),
        "cpu_us_worker": figures.digits(said["cpu_worker"] / sent * 1e6),
        "cpu_us_database": figures.digits(said["cpu_database"] / sent * 1e6),
        "cpu_us_emulator": figures.digits(said["cpu_emulator"] / sent * 1e6),
        "cores": figures.digits(said["cpu_all"] / seconds, 3),
        "connections": stats["connections_most"],
        "refused_429": stats["over_quota"],
        "rss_mb": figures.digits(max(machine.peak_mb(pid) for pid in made.worker_pids)),
    }


def cost(made: hub.Stack, pushes: int, worker: str, act: Callable[[], object]) -> dict[str, float]:
    """Seconds and CPU of an action; see `priced`."""
    costs, started = machine.Costs(made.trees()), time.monotonic()
    act()
    return priced(costs, pushes, worker, time.monotonic() - started)


def priced(costs: machine.Costs, pushes: int, worker: str, seconds: float) -> dict[str, float]:
    """What so many pushes cost: the CPU of the database and of processes named `worker`…"""
    taken = costs.taken()
    workers = sum(value for name, value in taken.items() if name.startswith(worker))
    cpu = max(workers + taken["postgres"], 0.001)
    return {
        "seconds": seconds,
        "pushes_per_s": figures.digits(pushes / seconds),
        "cpu_seconds": cpu,
        "pushes_per_cpu_s": figures.digits(pushes / cpu),
        "cpu_us_per_push": figures.digits(cpu / pushes * 1e6),
        "cpu_worker": workers,
        "cpu_database": taken["postgres"],
        "cpu_emulator": taken["emulator"],
        "cpu_all": sum(value for name, value in taken.items() if name != "emulator"),
    }


def finish(made: hub.Stack, notification_id: str, *, seconds: float = 900) -> None:
    """Wait until nothing is left to be done for a notification. Raises Wrong."""
    deadline = time.monotonic() + seconds
    with made.connect() as connection:
        while True:
            row = connection.execute(FINISHED, [uuid.UUID(notification_id)]).fetchone()
            if row and row[0]:
                return
            if (row and row[1]) or time.monotonic() > deadline:
                raise Wrong(f"notification {notification_id} was not done; see {machine.cache()}")
            time.sleep(0.02)


def recorded(made: hub.Stack, notification_id: str) -> tuple[int, int]:
    """How many deliveries are recorded as sent, and how many there are."""
    with made.connect() as connection:
        row = connection.execute(RECORDED, [uuid.UUID(notification_id)]).fetchone()
        assert row is not None
        return row[0], row[1]


def sustained(stats: dict[str, Any]) -> float:
    """The median of the full seconds, without the first and the last; else the whole rate."""
    full: list[float] = stats["per_second"][1:-1]
    if full:
        return statistics.median(full)
    return figures.digits(stats["accepted"] / max(stats["last_at"] - stats["first_at"], 0.001))
