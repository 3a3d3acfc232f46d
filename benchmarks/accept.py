"""POST /notifications over loopback, 16 connections, durable, with keys, idempotency and audit.

Against a Django view that makes one INSERT by one ORM `save()` (the floor), and against the same
endpoint by plain DRF serializers, ORM and `.delay()`. All are served alike. The four take turns,
and the ratios are taken within each turn, so that what else the machine does hits all of them.
"""

import sys
from typing import Any

from benchmarks import figures, hub, load, machine, seed, teams

BATCH = 100


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--employees", type=int, default=10_000)
    arguments.add_argument("--seconds", type=float, default=10, help="of each measurement")
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--web-processes", type=int, default=2)
    arguments.add_argument("--web-threads", type=int, default=4)
    given = arguments.parse_args()
    if given.short:
        given.seconds = min(given.seconds, 5)
    with hub.running() as made:
        seed.people(given.employees)
        made.key = seed.subsystem()
        peers = teams.beside(made, employees=given.employees)
        made.start_web(workers=given.web_processes, threads=given.web_threads)
        peers.start_web(workers=given.web_processes, threads=given.web_threads)
        result = measure(made, peers, given)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, peers: teams.Peers, given: Any) -> dict[str, Any]:
    """All turns, and their medians."""
    doors = {
        "floor": (peers.web_port, "/floor", peers.key, 0),
        "hub": (made.web_port, "/api/v1/notifications", made.key, 0),
        "plain_drf": (peers.web_port, "/notifications", peers.key, 0),
    }
    if made.batch_exists():
        doors["batch"] = (made.web_port, "/api/v1/notifications/batch", made.key, BATCH)
    else:
        hub.say("POST /notifications/batch is not there: left out")
    for name, door in doors.items():
        one(made, given, door, name=name, seconds=4)  # imports, connections, caches
    turns = [turn(made, given, doors) for _ in range(given.runs)]
    peers.celery.control.purge()
    found = {name: figures.medians([each[name] for each in turns]) for name in doors}
    for name, said in found.items():
        figures.show(name, said)
    keys = {
        "rps": found["hub"]["rps"],
        "ratio_floor": figures.ratio(turns, "hub", "floor", "rps"),
        "ratio_plain_drf": figures.ratio(turns, "hub", "plain_drf", "rps"),
        "p50_ms": found["hub"]["p50_ms"],
        "p99_ms": found["hub"]["p99_ms"],
        "cpu_us": found["hub"]["cpu_us"],
        "cpu_us_floor": found["floor"]["cpu_us"],
    }
    if "batch" in doors:
        keys["batch_notifications_per_s"] = found["batch"]["notifications_per_s"]
        keys["ratio_batch"] = figures.ratio(turns, "batch", "plain_drf", "notifications_per_s")
        keys["ratio_batch_single"] = figures.ratio(turns, "batch", "hub", "notifications_per_s")
    return {
        "name": "accept",
        "conditions": machine.conditions(
            employees=given.employees, seconds=given.seconds, connections=given.connections,
            web_processes=given.web_processes, web_threads=given.web_threads, runs=given.runs,
            batch=BATCH,
        ),
        "keys": keys,
        "doors": found,
    }  # fmt: skip


def turn(made: hub.Stack, given: Any, doors: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Every door once."""
    return {
        name: one(made, given, door, name=name, seconds=given.seconds)
        for name, door in doors.items()
    }


def one(
    made: hub.Stack, given: Any, door: tuple[int, str, str, int], *, name: str, seconds: float
) -> dict[str, float]:
    """The figures of one door, with the CPU of its web server and of the engines a request."""
    port, path, key, batch = door
    costs = machine.Costs(made.trees())
    said = load.post(
        port, path, key=key, employees=given.employees, seconds=seconds,
        connections=given.connections, batch=batch,
    )  # fmt: skip
    taken = costs.taken()
    web = taken["web"] if name in {"hub", "batch"} else taken["peers-web"]
    requests = max(1.0, said["rps"] * seconds)
    return said | {
        "notifications_per_s": said["rps"] * max(1, batch),
        "cpu_us": (web + taken["postgres"] + taken["valkey"]) / requests * 1e6,
        "cpu_us_web": web / requests * 1e6,
        "cpu_us_database": taken["postgres"] / requests * 1e6,
    }


if __name__ == "__main__":
    sys.exit(main())
