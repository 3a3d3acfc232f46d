"""Idle hint streams on one process: what each costs in memory, and how soon a hint is heard.

As many devices as streams open one each, by raw sockets of this process; memory is the resident
set of the stream process, before and after. Then one person has a change, and everybody has.
"""

import asyncio
import os
import resource
import sys
import time
from typing import Any

from benchmarks import figures, hub, machine, seed
from hub.demo import ports

CHANGES = b"event: changes\n"
OPENED_AT_ONCE = 50
PATIENCE_SECONDS = 300.0


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--streams", type=int, default=5_000)
    arguments.add_argument("--hints", type=int, default=20, help="to one person, one by one")
    given = arguments.parse_args()
    if given.short:
        given.streams = min(given.streams, 500)
    descriptors(given.streams + 500)
    with hub.running(
        STREAMS_AT_MOST=str(given.streams + 10),
        STREAM_BEAT_SECONDS="25",
        EMPLOYEE_REQUESTS_A_MINUTE="100000",
    ) as made:
        seed.people(given.streams)
        made.key = seed.subsystem()
        tokens = sessions(given.streams)
        process, port = serve(made)
        result = asyncio.run(measure(made, given, tokens, process, port))
    figures.keep(given.json, result)
    return 0


def descriptors(needed: int) -> None:
    """Let this process, and those it starts, open so many; SystemExit if it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"{needed} file descriptors are needed (ulimit -Hn says {hard}).")
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def sessions(count: int) -> list[str]:
    """An access token for a device of each of so many people."""
    from django.db import connection

    from hub.lib import bearer, clock

    issued = [bearer.issue("hub_at_") for _ in range(count)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_device SET access_digest = given.digest,"
            "       access_expires_at = %s, session_expires_at = %s"
            "  FROM (SELECT DISTINCT ON (employee_id) id,"
            "               row_number() OVER (ORDER BY employee_id) AS place"
            "          FROM (SELECT DISTINCT ON (employee_id) id, employee_id"
            "                  FROM accounts_device ORDER BY employee_id, id) one) chosen,"
            "       unnest(%s::bytea[]) WITH ORDINALITY AS given (digest, place)"
            " WHERE chosen.id = accounts_device.id AND chosen.place = given.place",
            [
                clock.now().replace(year=clock.now().year + 1),
                clock.now().replace(year=clock.now().year + 1),
                [one.digest for one in issued],
            ],
        )
    return [one.text for one in issued]


def serve(made: hub.Stack) -> tuple[int, int]:
    """The streams as docker/entrypoint.sh starts them: the process and its port."""
    port = hub.free_port()
    process, _ = hub.spawn(
        made, "streams",
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", ports.HOST,
            "--port", str(port), "--http", "1", "--no-ws", "--workers", "1",
            "--backlog", "8192", "--backpressure", "16384", "hub.streams.app:application",
        ],
    )  # fmt: skip
    made.pids["streams"] = process.pid
    hub.wait_for(lambda: ports.responds(port), what="streams")
    return process.pid, port


def memory(process: int) -> int:
    """Bytes that a process and its children have in memory."""
    pages = 0
    for pid in machine.tree(process):
        with open(f"/proc/{pid}/statm", encoding="ascii") as said:
            pages += int(said.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Phone:
    """One stream; `heard` is set at every hint."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.ended = False

    async def listen(self, port: int, token: str) -> None:
        """Open it, and note what comes, for ever."""
        reader, writer = await asyncio.open_connection(ports.HOST, port)
        writer.write(
            f"GET /api/v1/me/stream HTTP/1.1\r\nHost: hub\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        while line := await reader.readline():
            if line == CHANGES:
                self.heard.set()
        self.ended = True


async def measure(
    made: hub.Stack, given: Any, tokens: list[str], process: int, port: int
) -> dict[str, Any]:
    """Open all of them, look at the memory, then let changes come."""
    before = memory(process)
    phones = [Phone() for _ in tokens]
    started = time.monotonic()
    tasks = []
    for first in range(0, len(phones), OPENED_AT_ONCE):
        some = range(first, min(first + OPENED_AT_ONCE, len(phones)))
        tasks += [asyncio.create_task(phones[n].listen(port, tokens[n])) for n in some]
        await all_hear([phones[n] for n in some])
    opened = time.monotonic() - started
    await asyncio.sleep(60)  # the hint that is said once more, some beats, and two rechecks
    if any(phone.ended for phone in phones):
        raise RuntimeError("A stream has ended by itself.")
    after = memory(process)
    cpu_before, idle_from = machine.cpu_seconds(process), time.monotonic()
    await asyncio.sleep(60)
    idle = (machine.cpu_seconds(process) - cpu_before) / (time.monotonic() - idle_from)
    one, everybody = await hints(made, phones, given.hints)
    for task in tasks:
        task.cancel()
    return {
        "name": "streams",
        "conditions": machine.conditions(streams=len(phones), hints=given.hints),
        "keys": {
            "streams": len(phones),
            "process_megabytes_without": figures.digits(before / 1e6),
            "process_megabytes_with": figures.digits(after / 1e6),
            "kilobytes_a_stream": figures.digits((after - before) / len(phones) / 1e3),
            "opened_a_second": figures.digits(len(phones) / opened),
            "idle_share_of_a_core": figures.digits(idle),
            "hint_to_one_ms_p50": figures.digits(figures.percentile(one, 0.5)),
            "hint_to_one_ms_p99": figures.digits(figures.percentile(one, 0.99)),
            "broadcast_heard_by_all_s": figures.digits(everybody),
        },
    }


async def hints(made: hub.Stack, phones: list[Phone], count: int) -> tuple[list[float], float]:
    """Milliseconds until one person hears of a change, and seconds until everybody has heard."""
    import json

    import redis.asyncio as redis
    from asgiref.sync import sync_to_async

    from accounts.models import Employee
    from notifications.models import Notification

    people = await sync_to_async(
        lambda: list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    )()
    times = []
    async with redis.Redis.from_url(made.env["REDIS_URL"]) as client:
        for number in range(count):
            place = number * len(phones) // count
            phones[place].heard.clear()
            started = time.perf_counter()
            await client.publish("hub:hints", json.dumps({"employees": [str(people[place])]}))
            await all_hear([phones[place]])
            times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(30)  # until it has been said once more
        body = seed.notice({"any": [{"everybody": True}]})
        await sync_to_async(made.start_web)(workers=1)
        said = await sync_to_async(made.post)("/notifications", body)
        await sync_to_async(copies)(said["id"])
        assert await sync_to_async(Notification.objects.filter(id=said["id"]).exists)()
        for phone in phones:
            phone.heard.clear()
        started = time.monotonic()
        await client.publish("hub:hints", json.dumps({"notifications": [said["id"]]}))
        await all_hear(phones)
    return times, time.monotonic() - started


def copies(notification_id: str) -> None:
    """A copy for everybody, as a fan-out writes them: here only the stream is measured."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at)"
            " SELECT id, %s, now() FROM accounts_employee ON CONFLICT DO NOTHING",
            [notification_id],
        )


async def all_hear(phones: list[Phone]) -> None:
    """Wait until each has heard a hint."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for phone in phones:
            await phone.heard.wait()


if __name__ == "__main__":
    sys.exit(main())
