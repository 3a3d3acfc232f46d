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
    given = arguments.parse_args()
    if given.short:
        given.peer_employees, given.memory_employees = 1_000, given.employees
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
    found: dict[str, Any] = {}
    for a_minute in (OPEN,) if given.no_bucket else (OPEN, QUOTA):
        made.env["FCM_MESSAGES_A_MINUTE"] = str(a_minute)
        made.start_workers(given.layout)
        broadcasts.send(made, share=share / 10)  # connections, caches, prepared statements
        for latency_ms in LATENCIES_MS:
            name = f"{'open' if a_minute == OPEN else 'bucket'}_{latency_ms}ms"
            runs = given.runs if a_minute == OPEN or not given.short else 1
            one = functools.partial(broadcasts.send, made, share=share, latency_ms=latency_ms)
            found[name] = figures.repeat(runs, one)
            figures.show(f"hub {name}", found[name])
        made.stop_workers()
    sample = body(made)
    memory = growth(made, given, people=people)
    limits = {
        f"{latency_ms}ms": limit(made, sample, latency_ms=latency_ms, runs=given.runs)
        for latency_ms in LATENCIES_MS
    }
    figures.show("ceiling (bare pycurl)", limits)
    peers = [] if given.no_peers else rivals(made, given)
    return {
        "name": "fanout",
        "conditions": machine.conditions(
            employees=given.employees, peer_employees=given.peer_employees, runs=given.runs,
            memory_employees=given.memory_employees, layout=given.layout, bytes=len(sample),
        ),
        "keys": keys(found, limits, peers, memory),
        "hub": found,
        "ceiling": limits,
        "peers": peers,
        "memory": memory,
    }  # fmt: skip


def keys(
    found: dict[str, Any], limits: dict[str, Any], peers: list[dict[str, Any]],
    memory: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    """The figures that are held against the bars; those of 80 ms have it in their names."""
    said: dict[str, Any] = {}
    for latency_ms in LATENCIES_MS:
        end = "" if latency_ms == 0 else f"_{latency_ms}ms"
        mine, most = found[f"open_{latency_ms}ms"], limits[f"{latency_ms}ms"]
        said[f"pushes_per_s{end}"] = mine["pushes_per_s"]
        said[f"cpu_us_per_push{end}"] = mine["cpu_us_per_push"]
        said[f"ratio_transport_ceiling{end}"] = figures.digits(
            most["cpu_us"] / mine["cpu_us_per_push"]
        )
        bucket = found.get(f"bucket_{latency_ms}ms")
        if bucket:
            said[f"pushes_per_s_bucket{end}"] = bucket["sustained_per_s"]
            said[f"cores_bucket{end}"] = bucket["cores"]
        own = [peer for peer in peers if peer["latency_ms"] == latency_ms]
        if own:
            best = max(own, key=lambda peer: peer["pushes_per_cpu_s"])
            said[f"best_peer{end}"] = best["peer"]
            said[f"ratio_best_peer{end}"] = figures.digits(
                mine["pushes_per_cpu_s"] / best["pushes_per_cpu_s"]
            )
            said[f"ratio_best_peer_wall{end}"] = figures.digits(
                mine["pushes_per_s"] / max(peer["pushes_per_s"] for peer in own)
            )
    said["refused_429"] = sum(run["refused_429"] for run in found.values())
    return said | memory


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


def limit(made: hub.Stack, sample: bytes, *, latency_ms: float, runs: int) -> dict[str, float]:
    """What a bare loop does with the same bytes and as many connections as two workers have."""
    made.firebase.reset(latency_ms=latency_ms)
    return figures.repeat(
        runs,
        lambda: ceiling.measure(
            made.firebase, sample, count=100_000 if latency_ms == 0 else 50_000, connections=10
        ),
    )


def rivals(made: hub.Stack, given: Any) -> list[dict[str, Any]]:
    """Every peer at every latency, at the pool that was best on fewer people."""
    peers = teams.beside(made, employees=given.peer_employees)
    said = []
    for peer in teams.PEERS:
        for latency_ms in LATENCIES_MS:
            few = max(400, given.peer_employees // 2)
            tried = {
                pool: team(made, peers, peer, pool, latency_ms=latency_ms, employees=few, runs=1)
                for pool in teams.POOLS
            }
            best = max(tried, key=lambda pool: tried[pool]["pushes_per_cpu_s"])
            measured = team(
                made, peers, peer, best, latency_ms=latency_ms,
                employees=given.peer_employees, runs=given.runs,
            )  # fmt: skip
            said.append({"peer": peer, "latency_ms": latency_ms, "pool": "{}:{}".format(*best)})
            said[-1] |= measured
            figures.show("peer", said[-1])
    return said


def team(
    made: hub.Stack, peers: teams.Peers, peer: str, pool: tuple[str, int], *,
    latency_ms: float, employees: int, runs: int,
) -> dict[str, float]:  # fmt: skip
    """A peer's broadcasts by one pool: the medians."""
    pushes = teams.devices_of(employees)
    peers.start_worker(*pool)

    def one() -> dict[str, float]:
        made.firebase.reset(latency_ms=latency_ms)
        return broadcasts.cost(
            made, pushes, "peers",
            lambda: peers.broadcast(peer, employees=employees, pushes=pushes),
        )  # fmt: skip

    try:
        return figures.repeat(runs, one)
    finally:
        peers.stop_worker()


if __name__ == "__main__":
    sys.exit(main())
