"""One POST to everybody: accepted by the pretend FCM on every device and recorded.

Against fcm-django and django-push-notifications behind Celery with bulk_create, and against a
bare pycurl loop that sends the same bytes. What is compared are pushes per CPU-second of worker
and database.
"""

import functools
import sys
import urllib.request
from typing import Any

from benchmarks import broadcasts, ceiling, figures, hub, machine, seed, teams

LATENCIES_MS = (0, 80)
OPEN, QUOTA = 100_000_000, 600_000  # messages a minute: no limit at all, and Firebase's own


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--employees", type=int, default=100_000)
    arguments.add_argument("--peer-employees", type=int, default=2_000)
    arguments.add_argument("--memory-employees", type=int, default=1_000_000)
    arguments.add_argument("--layout", default=f"{hub.ALL_QUEUES}:2", help="queues:processes;…")
    arguments.add_argument("--no-peers", action="store_true")
    arguments.add_argument("--no-bucket", action="store_true", help="only without the rate limit")
    arguments.add_argument("--only-memory", action="store_true", help="of the workers, no speeds")
    given = arguments.parse_args()
    if given.short:
        given.peer_employees, given.memory_employees = 1_600, given.employees
    with hub.running() as made:
        people = max(given.employees, given.memory_employees)
        hub.say(f"seeding {people:,} employees")
        seed.people(people)
        made.key = seed.subsystem()
        made.start_web()
        result = measure(made, given, people=people)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any, *, people: int) -> dict[str, Any]:
    """All of the measurements, as the JSON file has them."""
    share = given.employees / people
    peers = (
        None
        if given.no_peers or given.only_memory
        else teams.beside(made, employees=given.peer_employees)
    )
    made.env["FCM_MESSAGES_A_MINUTE"] = str(OPEN)
    memory = growth(made, given, people=people)
    if given.only_memory:
        sizes = {"memory_employees": given.memory_employees, "layout": given.layout}
        return {"name": "fanout", "conditions": machine.conditions(**sizes), "keys": memory}
    made.start_workers(given.layout)
    broadcasts.send(made, share=share / 10)  # connections, caches, prepared statements
    turns: dict[str, list[dict[str, dict[str, float]]]] = {}
    pools: dict[str, dict[str, str]] = {}
    sample = body(made)
    for latency_ms in LATENCIES_MS:
        name = f"{latency_ms}ms"
        pools[name] = {} if peers is None else choose_pools(made, peers, given, latency_ms)
        turns[name] = [
            turn(made, peers, given, sample, share, latency_ms) for _ in range(given.runs)
        ]
    made.stop_workers()
    bucket = {} if given.no_bucket else at_quota(made, given, share=share)
    found = {
        name: {who: figures.medians([one[who] for one in each]) for who in each[0]}
        for name, each in turns.items()
    }
    return {
        "name": "fanout",
        "conditions": machine.conditions(
            employees=given.employees, peer_employees=given.peer_employees, runs=given.runs,
            memory_employees=given.memory_employees, layout=given.layout, bytes=len(sample),
        ),
        "keys": keys(turns, found, bucket) | memory,
        "open": found,
        "bucket": bucket,
        "pools": pools,
        "memory": memory,
        "turns": turns,
    }  # fmt: skip


def turn(
    made: hub.Stack, peers: teams.Peers | None, given: Any, sample: bytes, share: float,
    latency_ms: float,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Everybody once, one after the other, so that what else the machine does hits all of them."""
    found = {"hub": broadcasts.send(made, share=share, latency_ms=latency_ms)}
    made.firebase.reset(latency_ms=latency_ms)
    count = 100_000 if latency_ms == 0 else 50_000
    # As many connections as two workers have.
    found["ceiling"] = ceiling.measure(made.firebase, sample, count=count, connections=20)
    if peers is not None:
        for peer in teams.PEERS:
            found[peer] = team(made, peers, peer, given.peer_employees, latency_ms)
    for who, said in found.items():
        figures.show(f"{who}, {latency_ms} ms", said)
    return found


def at_quota(made: hub.Stack, given: Any, *, share: float) -> dict[str, dict[str, float]]:
    """The hub with the bucket at Firebase's quota."""
    made.env["FCM_MESSAGES_A_MINUTE"] = str(QUOTA)
    made.start_workers(given.layout)
    broadcasts.send(made, share=share / 10)
    found = {}
    for latency_ms in LATENCIES_MS:
        one = functools.partial(broadcasts.send, made, share=share, latency_ms=latency_ms)
        found[f"{latency_ms}ms"] = figures.repeat(1 if given.short else given.runs, one)
        figures.show(f"hub with the bucket, {latency_ms} ms", found[f"{latency_ms}ms"])
    made.stop_workers()
    return found


def keys(
    turns: dict[str, list[dict[str, dict[str, float]]]],
    found: dict[str, dict[str, dict[str, float]]],
    bucket: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """The figures that are held against the bars; those of 80 ms have it in their names."""
    said: dict[str, Any] = {}
    for name, who in found.items():
        end = "" if name == "0ms" else f"_{name}"
        each = turns[name]
        said[f"pushes_per_s{end}"] = who["hub"]["pushes_per_s"]
        said[f"cpu_us_per_push{end}"] = who["hub"]["cpu_us_per_push"]
        said[f"ratio_transport_ceiling{end}"] = figures.ratio(each, "hub", "ceiling")
        if name in bucket:
            said[f"pushes_per_s_bucket{end}"] = bucket[name]["sustained_per_s"]
            said[f"cores_bucket{end}"] = bucket[name]["cores"]
        rivals = [peer for peer in teams.PEERS if peer in who]
        if rivals:
            best = max(rivals, key=lambda peer: who[peer]["pushes_per_cpu_s"])
            said[f"best_peer{end}"] = best
            said[f"ratio_best_peer{end}"] = figures.ratio(each, "hub", best)
            said[f"ratio_best_peer_wall{end}"] = figures.ratio(each, "hub", best, "pushes_per_s")
    runs = [*bucket.values(), *(one["hub"] for each in turns.values() for one in each)]
    return said | {"refused_429": sum(run["refused_429"] for run in runs)}


def growth(made: hub.Stack, given: Any, *, people: int) -> dict[str, float]:
    """The largest worker process after a tenth or a hundredth of the people, and after all."""
    made.env["FCM_MESSAGES_A_MINUTE"] = str(OPEN)
    made.start_workers(given.layout)
    small = broadcasts.send(made, share=10_000 / people)["rss_mb"]
    large = broadcasts.send(made, share=given.memory_employees / people)["rss_mb"]
    made.stop_workers()
    said = {"rss_mb": large, "rss_mb_small": small, "rss_growth": figures.digits(large / small, 3)}
    figures.show(f"memory, 10,000 and {given.memory_employees:,} employees", said)
    return said


def body(made: hub.Stack) -> bytes:
    """A request body as the hub sent it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{made.firebase.control}/sample") as said:
        found: bytes = said.read()
        return found


def choose_pools(
    made: hub.Stack, peers: teams.Peers, given: Any, latency_ms: float
) -> dict[str, str]:
    """Start each peer's worker with the pool that is best on fewer people."""
    chosen = {}
    for peer in teams.PEERS:
        tried = {}
        for pool in teams.POOLS:
            peers.start_worker(peer, pool, warming=800)
            tried[pool] = team(made, peers, peer, given.peer_employees // 2, latency_ms)
        best = max(tried, key=lambda pool: tried[pool]["pushes_per_cpu_s"])
        peers.start_worker(peer, best)
        chosen[peer] = "{}:{}".format(*best)
        hub.say(f"{peer} at {latency_ms} ms: {chosen[peer]}")
    return chosen


def team(
    made: hub.Stack, peers: teams.Peers, peer: str, employees: int, latency_ms: float
) -> dict[str, float]:
    """One broadcast of a peer."""
    made.firebase.reset(latency_ms=latency_ms)
    return broadcasts.cost(
        made, teams.devices_of(employees), f"team-{peer}",
        lambda: peers.broadcast(peer, employees=employees),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
