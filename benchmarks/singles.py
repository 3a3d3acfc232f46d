"""Many notifications of one recipient each: from accepted rows to recorded pushes.

Against a Celery task for each of them, with fcm-django, at the best of its pools. The hub's rows
are accepted while its workers are frozen; the clock starts when they go on.
"""

import sys
import time
from concurrent import futures
from typing import Any

from benchmarks import broadcasts, figures, hub, machine, seed, teams

LATENCIES_MS = (0, 80)
PEER = "fcm-django"
BATCH = 100
OPEN = "100000000"  # messages a minute
POOLS = (("prefork", 2), ("prefork", 8), ("threads", 8), ("threads", 32))
IDLE = "SELECT NOT EXISTS (SELECT FROM notifications_errand WHERE dead_at IS NULL)"


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--notifications", type=int, default=10_000)
    arguments.add_argument("--employees", type=int, default=100_000, help="who are there")
    arguments.add_argument("--peer-notifications", type=int, default=1_000)
    arguments.add_argument("--layout", default=f"{hub.ALL_QUEUES}:2", help="queues:processes;…")
    arguments.add_argument("--no-peers", action="store_true")
    given = arguments.parse_args()
    if given.short:
        given.peer_notifications = min(given.peer_notifications, 400)
    with hub.running(FCM_MESSAGES_A_MINUTE=OPEN) as made:
        # Others receive too: what is small for ten thousand devices may not be for a hundred.
        hub.say(f"seeding {given.employees:,} employees")
        seed.people(given.employees)
        made.key = seed.subsystem()
        made.start_web()
        made.start_workers(given.layout)
        broadcasts.send(made, share=1)  # so that the planner has seen a broadcast
        result = measure(made, given)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any) -> dict[str, Any]:
    """The hub and the peer by turns, at both latencies."""
    drain(made, count=200, latency_ms=0)
    peers = None if given.no_peers else teams.beside(made, employees=2_000)
    turns: dict[str, list[dict[str, dict[str, float]]]] = {}
    pools: dict[str, str] = {}
    for latency_ms in LATENCIES_MS:
        name = f"{latency_ms}ms"
        if peers is not None:
            pools[name] = choose_pool(made, peers, given, latency_ms)
        turns[name] = [turn(made, peers, given, latency_ms) for _ in range(given.runs)]
    found = {
        name: {who: figures.medians([one[who] for one in each]) for who in each[0]}
        for name, each in turns.items()
    }
    keys: dict[str, Any] = {}
    for name, who in found.items():
        end = "" if name == "0ms" else f"_{name}"
        keys[f"singles_per_s{end}"] = who["hub"]["singles_per_s"]
        keys[f"cpu_us_per_single{end}"] = who["hub"]["cpu_us_per_single"]
        if "task_each" in who:
            for key, of in (("ratio_task_each", "singles_per_s"),
                            ("ratio_task_each_cpu", "singles_per_cpu_s")):  # fmt: skip
                keys[f"{key}{end}"] = figures.ratio(turns[name], "hub", "task_each", of)
    return {
        "name": "singles",
        "conditions": machine.conditions(
            notifications=given.notifications, peer_notifications=given.peer_notifications,
            runs=given.runs, layout=given.layout, employees=given.employees,
        ),
        "keys": keys,
        "singles": found,
        "pools": pools,
        "turns": turns,
    }  # fmt: skip


def turn(
    made: hub.Stack, peers: teams.Peers | None, given: Any, latency_ms: float
) -> dict[str, dict[str, float]]:
    """Both once, so that what else the machine does hits both."""
    found = {"hub": drain(made, count=given.notifications, latency_ms=latency_ms)}
    if peers is not None:
        count = given.peer_notifications
        found["task_each"] = task_each(made, peers, count=count, latency_ms=latency_ms)
    for who, said in found.items():
        figures.show(f"{who}, {latency_ms} ms", said)
    return found


def drain(made: hub.Stack, *, count: int, latency_ms: float) -> dict[str, float]:
    """Accept so many, then let go: the figures. Raises broadcasts.Wrong unless all were pushed."""
    wait_until_idle(made)
    made.firebase.reset(latency_ms=latency_ms)
    made.forget_rate()
    pushes = teams.devices_of(count)
    with made.frozen_workers():
        accept(made, count)
        costs, started = machine.Costs(made.trees()), time.monotonic()
    wait_until_idle(made)
    said = broadcasts.priced(costs, count, "worker", time.monotonic() - started)
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


def accept(made: hub.Stack, count: int) -> None:
    """POST notices to one employee each, many at once where the API takes that."""
    hub.say(f"accepting {count:,} notifications")
    drafts = [seed.notice({"any": [{"employees": [f"E{number:07d}"]}]}) for number in range(count)]
    calls: list[tuple[str, dict[str, Any]]]
    if made.batch_exists():
        parts = [drafts[first : first + BATCH] for first in range(0, count, BATCH)]
        calls = [("/notifications/batch", {"notifications": part}) for part in parts]
    else:
        calls = [("/notifications", draft) for draft in drafts]
    with futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda call: made.post(*call), calls):
            pass


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


def choose_pool(made: hub.Stack, peers: teams.Peers, given: Any, latency_ms: float) -> str:
    """Start the peer's worker with the pool that is fastest on fewer."""
    few = max(200, given.peer_notifications // 4)
    tried = {}
    for pool in POOLS:
        peers.start_worker(PEER, pool, warming=100)
        tried[pool] = task_each(made, peers, count=few, latency_ms=latency_ms)
    best = max(tried, key=lambda pool: tried[pool]["singles_per_s"])
    peers.start_worker(PEER, best)
    hub.say(f"a task each at {latency_ms} ms: {best[0]}:{best[1]}")
    return "{}:{}".format(*best)


def task_each(
    made: hub.Stack, peers: teams.Peers, *, count: int, latency_ms: float
) -> dict[str, float]:
    """A task for each notification."""
    made.firebase.reset(latency_ms=latency_ms)

    def act() -> None:
        rows = peers.notifications(count)
        for person, row in enumerate(rows, start=1):
            peers.ask("single", PEER, row, person)
        peers.finish(rows, pushes=teams.devices_of(count))

    said = broadcasts.cost(made, count, f"team-{PEER}", act)
    return {
        "singles_per_s": said["pushes_per_s"],
        "singles_per_cpu_s": said["pushes_per_cpu_s"],
        "cpu_us_per_single": said["cpu_us_per_push"],
    }


if __name__ == "__main__":
    sys.exit(main())
