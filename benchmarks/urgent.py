"""From the POST of an urgent notice to its arrival at the pretend FCM, idle and under a broadcast.

Both clocks are the machine's monotonic one. The broadcast goes at Firebase's own rate, as in
production, unless --a-minute says otherwise. The workers are those of docker/compose.yml: one that
never takes broadcasts, and one for these; the same is measured with a single worker for everything.
"""

import sys
import threading
import time
from typing import Any

from benchmarks import broadcasts, figures, hub, machine, seed

MARK = "mark-"
COMPOSE = "push,callback,maintenance:2;bulk:2"


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--employees", type=int, default=1_000_000)
    arguments.add_argument("--posts", type=int, default=100, help="while idle; under load no fewer")
    arguments.add_argument("--pause-ms", type=float, default=200, help="between two POSTs")
    arguments.add_argument("--latency-ms", type=float, default=80, help="of the pretend FCM")
    arguments.add_argument("--a-minute", type=int, default=600_000, help="messages allowed")
    arguments.add_argument("--layout", default=COMPOSE, help="queues:processes;…")
    arguments.add_argument("--other-layout", default=f"{hub.ALL_QUEUES}:2", help="empty: none")
    given = arguments.parse_args()
    if given.short:
        given.employees = min(given.employees, 200_000)
        given.posts = min(given.posts, 60)
    with hub.running(FCM_MESSAGES_A_MINUTE=str(given.a_minute)) as made:
        hub.say(f"seeding {given.employees:,} employees")
        seed.people(given.employees)
        made.key = seed.subsystem()
        made.start_web()
        result = measure(made, given)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any) -> dict[str, Any]:
    """Both layouts, each idle and then busy."""
    found = {given.layout: side(made, given, given.layout)}
    keys = dict(found[given.layout]["keys"])
    if given.other_layout:
        found[given.other_layout] = side(made, given, given.other_layout)
        other = found[given.other_layout]["keys"]
        keys |= {f"{key}_one_worker": other[key] for key in ("p95_busy_ms", "ratio_p95")}
    return {
        "name": "urgent",
        "conditions": machine.conditions(
            employees=given.employees, devices=found[given.layout]["devices"],
            a_minute=given.a_minute, latency_ms=given.latency_ms, pause_ms=given.pause_ms,
            layout=given.layout, other_layout=given.other_layout,
        ),
        "keys": keys,
        "layouts": found,
    }  # fmt: skip


def side(made: hub.Stack, given: Any, layout: str) -> dict[str, Any]:
    """Idle, then busy."""
    hub.say(f"workers: {layout}")
    made.start_workers(layout)
    broadcasts.send(made, share=0.01)
    # A fresh worker's first push imports Firebase's library and opens connections.
    post_and_watch(made, given, count=10, running=lambda: False)
    idle = post_and_watch(made, given, count=given.posts, running=lambda: False)
    figures.show("idle", idle)
    made.forget_rate()
    body = seed.notice({"any": [{"everybody": True}]}, priority="bulk")
    broadcast = made.post("/notifications", body)["id"]
    over = threading.Event()

    def wait() -> None:
        broadcasts.finish(made, broadcast)
        over.set()

    waiter = threading.Thread(target=wait, daemon=True)
    started = time.monotonic()
    waiter.start()
    busy = post_and_watch(made, given, count=0, running=lambda: not over.is_set())
    waiter.join()
    busy["broadcast_seconds"] = figures.digits(time.monotonic() - started)
    figures.show("busy", busy)
    sent, total = broadcasts.recorded(made, broadcast)
    if sent != total:
        raise broadcasts.Wrong(f"{sent} of {total} pushes of the broadcast were sent")
    made.stop_workers()
    keys = {
        "p50_idle_ms": idle["p50_ms"],
        "p95_idle_ms": idle["p95_ms"],
        "p50_busy_ms": busy["p50_ms"],
        "p95_busy_ms": busy["p95_ms"],
        "ratio_p95": figures.digits(busy["p95_ms"] / idle["p95_ms"]),
        "most_busy_ms": busy["most_ms"],
    }
    return {"keys": keys, "idle": idle, "busy": busy, "devices": total}


def post_and_watch(made: hub.Stack, given: Any, *, count: int, running: Any) -> dict[str, float]:
    """Post urgent notices to one employee each, `count` of them and on while `running()`."""
    made.firebase.reset(latency_ms=given.latency_ms)
    made.firebase.ask(f"/set?watch={MARK}")
    posted: dict[str, float] = {}
    number = 0
    while number < count or running():
        # The last employees: their devices stand at the end of a broadcast's ranges.
        person = f"E{given.employees - 1 - number % 1000:07d}"
        name = f"{number:05d}"
        body = seed.notice({"any": [{"employees": [person]}]}, priority="urgent")
        body["title"] = f"Leave the building: {MARK}{name}"
        posted[name] = time.monotonic()
        made.post("/notifications", body)
        number += 1
        time.sleep(given.pause_ms / 1000)
    arrived = arrivals(made, posted)
    waits = [(arrived[name] - at) * 1000 for name, at in posted.items()]
    return {
        "posts": len(waits),
        "p50_ms": figures.digits(figures.percentile(waits, 0.50)),
        "p95_ms": figures.digits(figures.percentile(waits, 0.95)),
        "most_ms": figures.digits(max(waits)),
    }


def arrivals(made: hub.Stack, posted: dict[str, float]) -> dict[str, float]:
    """When the first push of each arrived. Raises Wrong if one has not within a minute."""
    deadline = time.monotonic() + 60
    while True:
        first: dict[str, float] = {}
        for name, at in made.firebase.ask("/arrivals"):
            first.setdefault(name.removeprefix(MARK), at)
        missing = posted.keys() - first.keys()
        if not missing:
            return first
        if time.monotonic() > deadline:
            raise broadcasts.Wrong(f"{len(missing)} of {len(posted)} urgent pushes never arrived")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
