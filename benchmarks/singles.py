"""Many notifications of one recipient each: from accepted rows to recorded pushes.

Against a Celery task for each of them, with fcm-django, at the best of its pools. The hub's rows
are accepted while its sub-system is paused; the clock starts when it is resumed.
"""

import sys
import time
import uuid
from typing import Any

from benchmarks import broadcasts, figures, hub, machine, seed, teams

LATENCIES_MS = (0, 80)
OPEN = "100000000"  # messages a minute
POOLS = (("prefork", 2), ("prefork", 8), ("threads", 8), ("threads", 32))
IDLE = "SELECT NOT EXISTS (SELECT FROM notifications_errand WHERE dead_at IS NULL)"


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--notifications", type=int, default=10_000)
    arguments.add_argument("--peer-notifications", type=int, default=1_000)
    arguments.add_argument("--layout", default=f"{hub.ALL_QUEUES}:2", help="queues:processes;…")
    arguments.add_argument("--no-peers", action="store_true")
    given = arguments.parse_args()
    if given.short:
        given.notifications = min(given.notifications, 5_000)
        given.peer_notifications = min(given.peer_notifications, 400)
    with hub.running(FCM_MESSAGES_A_MINUTE=OPEN) as made:
        # Others receive too: what is small for ten thousand devices may not be for a hundred.
        hub.say("seeding 100,000 employees")
        seed.people(100_000)
        made.key = seed.subsystem()
        made.start_web(workers=1)
        made.start_workers(given.layout)
        broadcasts.send(made, share=1)  # so that the planner has seen a broadcast
        result = measure(made, given)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any) -> dict[str, Any]:
    """The hub and the peer at both latencies."""
    found: dict[str, Any] = {}
    rivals: dict[str, Any] = {}
    drain(made, count=200, latency_ms=0)
    for latency_ms in LATENCIES_MS:
        runs = [
            drain(made, count=given.notifications, latency_ms=latency_ms) for _ in range(given.runs)
        ]
        found[f"{latency_ms}ms"] = figures.medians(runs)
        figures.show(f"hub, {latency_ms} ms", found[f"{latency_ms}ms"])
    made.stop_workers()
    if not given.no_peers:
        peers = teams.beside(made, employees=max(2_000, given.peer_notifications))
        for latency_ms in LATENCIES_MS:
            rivals[f"{latency_ms}ms"] = best(made, peers, given, latency_ms=latency_ms)
            figures.show(f"a task each, {latency_ms} ms", rivals[f"{latency_ms}ms"])
    keys: dict[str, Any] = {}
    for name, said in found.items():
        end = "" if name == "0ms" else f"_{name}"
        keys[f"singles_per_s{end}"] = said["singles_per_s"]
        keys[f"cpu_us_per_single{end}"] = said["cpu_us_per_single"]
        if name in rivals:
            for key, of in (("ratio_task_each", "singles_per_s"),
                            ("ratio_task_each_cpu", "singles_per_cpu_s")):  # fmt: skip
                keys[f"{key}{end}"] = figures.digits(said[of] / rivals[name][of])
    return {
        "name": "singles",
        "conditions": machine.conditions(
            notifications=given.notifications, peer_notifications=given.peer_notifications,
            runs=given.runs, layout=given.layout, employees=100_000,
        ),
        "keys": keys,
        "hub": found,
        "task_each": rivals,
    }  # fmt: skip


def drain(made: hub.Stack, *, count: int, latency_ms: float) -> dict[str, float]:
    """Accept so many, then let go: the figures. Raises broadcasts.Wrong unless all were pushed."""
    from accounts import audit, subsystems
    from accounts.models import Subsystem
    from hub.lib import clock
    from notifications import queues

    subsystem = Subsystem.objects.get(key="bench").pk
    subsystems.pause(subsystem_id=subsystem, actor=audit.HUB, now=clock.now())
    accept(subsystem, count)
    made.firebase.reset(latency_ms=latency_ms)
    made.forget_rate()
    pushes = teams.devices_of(count)

    def act() -> None:
        subsystems.resume(subsystem_id=subsystem, actor=audit.HUB, now=clock.now())
        for queue in (queues.PUSH, queues.BULK):
            queues.send(queue)
        wait_until_idle(made)

    said = broadcasts.cost(made, count, "worker", act)
    stats = made.firebase.stats()
    if not stats["distinct"] == stats["accepted"] == pushes:
        raise broadcasts.Wrong(f"{pushes} pushes were due, {stats}")
    return {
        "seconds": figures.digits(said["seconds"]),
        "singles_per_s": said["pushes_per_s"],
        "singles_per_cpu_s": said["pushes_per_cpu_s"],
        "cpu_us_per_single": said["cpu_us_per_push"],
        "cpu_us_worker": figures.digits(said["cpu_worker"] / count * 1e6),
        "cpu_us_database": figures.digits(said["cpu_database"] / count * 1e6),
        "cpu_us_emulator": figures.digits(said["cpu_emulator"] / count * 1e6),
    }


def accept(subsystem: uuid.UUID, count: int) -> None:
    """Notices to one employee each, as POST writes them."""
    from django.db import transaction

    from accounts.subsystems import Caller
    from hub.lib import clock
    from notifications import ingest
    from notifications.api.subsystem import notifications as door

    hub.say(f"accepting {count:,} notifications")
    caller = Caller(subsystem_id=subsystem, key_id=uuid.UUID(int=0), mode="live")
    for first in range(0, count, 500):
        with transaction.atomic():
            for number in range(first, min(first + 500, count)):
                body = seed.notice({"any": [{"employees": [f"E{number:07d}"]}]})
                draft = door.draft_of(checked(body))
                ingest.accept(draft, caller=caller, now=clock.now())


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """A body as the API's validation hands it on."""
    from accounts.api import bodies
    from notifications.api.subsystem.notifications import NotificationInput

    valid: dict[str, Any] = bodies.validated(NotificationInput, body)
    return valid


def wait_until_idle(made: hub.Stack, *, seconds: float = 600) -> None:
    """Wait until nothing is due for anybody. Raises broadcasts.Wrong."""
    deadline = time.monotonic() + seconds
    with made.connect() as connection:
        while True:
            row = connection.execute(IDLE).fetchone()
            if row and row[0]:
                return
            if time.monotonic() > deadline:
                raise broadcasts.Wrong(f"work is left over; see {machine.cache()}")
            time.sleep(0.01)


def best(made: hub.Stack, peers: teams.Peers, given: Any, *, latency_ms: float) -> dict[str, Any]:
    """The peer's medians by the pool that was fastest on fewer."""
    few = max(100, given.peer_notifications // 4)
    tried = {
        pool: task_each(made, peers, pool, count=few, latency_ms=latency_ms, runs=1)
        for pool in POOLS
    }
    pool = max(tried, key=lambda one: tried[one]["singles_per_s"])
    count = given.peer_notifications
    said = task_each(made, peers, pool, count=count, latency_ms=latency_ms, runs=given.runs)
    return {"pool": "{}:{}".format(*pool), **said}


def task_each(
    made: hub.Stack, peers: teams.Peers, pool: tuple[str, int], *,
    count: int, latency_ms: float, runs: int,
) -> dict[str, float]:  # fmt: skip
    """A task for each notification: the medians."""
    peers.start_worker(*pool)

    def act() -> None:
        rows = peers.notifications(count)
        for person, row in enumerate(rows, start=1):
            peers.ask("single", "fcm-django", row, person)
        peers.finish(rows, pushes=teams.devices_of(count))

    def one() -> dict[str, float]:
        made.firebase.reset(latency_ms=latency_ms)
        said = broadcasts.cost(made, count, "peers", act)
        return {
            "singles_per_s": said["pushes_per_s"],
            "singles_per_cpu_s": said["pushes_per_cpu_s"],
            "cpu_us_per_single": said["cpu_us_per_push"],
        }

    try:
        return figures.repeat(runs, one)
    finally:
        peers.stop_worker()


if __name__ == "__main__":
    sys.exit(main())
