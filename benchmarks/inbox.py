"""The reads of an inbox, and of the change feed, while the table grows a thousandfold.

The reader has 2,000 copies whatever the size; all others belong to other people. Through HTTP on
one kept connection, and by the domain's functions.
"""

import http.client
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import figures, hub, machine, seed
from hub.demo import ports

READER = "E0000000"
COPIES_OF_READER = 2_000
SIZES = (10_000, 1_000_000, 10_000_000)

# The first notification is cloned, so that the rows have whatever columns there are.
NOTIFICATIONS = """
INSERT INTO notifications_notification
SELECT (jsonb_populate_record(original, jsonb_build_object(
         'id', overlay(overlay(md5('n' || n)::text placing '7' from 13) placing 'a' from 17)::uuid,
         'reference', 'n' || n, 'created_at', now() - n * interval '1 minute',
         'kind', CASE WHEN n %% 100 = 0 THEN 'request' ELSE 'notice' END))).*
  FROM notifications_notification original, generate_series(1, %(count)s) n
 WHERE original.reference = 'original'
"""
COPIES = """
INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at, read_at, archived_at)
SELECT %(reader)s, id, created_at,
       CASE WHEN row_number() OVER (ORDER BY created_at DESC) > 40 THEN now() END,
       CASE WHEN reference LIKE '%%7' THEN now() END
  FROM notifications_notification WHERE reference ~ '^n[0-9]+$'
"""
SEATS = """
INSERT INTO notifications_seat (id, notification_id, step, principal_id, holder_id, source)
SELECT gen_random_uuid(), id, 0, %(reader)s, %(reader)s, 'audience'
  FROM notifications_notification WHERE kind = 'request' AND reference ~ '^n[0-9]+$'
"""
OTHERS = """
INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at, read_at)
SELECT md5('e' || person)::uuid, notification.id, notification.created_at,
       CASE WHEN person %% 3 > 0 THEN now() END
  FROM notifications_notification notification,
       generate_series(%(first)s::int, %(last)s::int) person
 WHERE notification.reference ~ '^n[0-9]+$'
"""


def main() -> int:
    """Run it; the exit code."""
    arguments = figures.parser(__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--reads", type=int, default=200, help="of each kind in a run")
    given = arguments.parse_args()
    if given.short:
        given.sizes = [size for size in given.sizes if size <= 1_000_000]
    with hub.running(DATABASE_STATEMENT_TIMEOUT_MS="600000") as made:
        seed.people(100)
        made.key = seed.subsystem()
        token = seed.reader()
        made.start_web(workers=1)
        original(made)
        result = measure(made, given, token)
    figures.keep(given.json, result)
    return 0


def measure(made: hub.Stack, given: Any, token: str) -> dict[str, Any]:
    """Every size in turn."""
    from accounts.models import Employee

    reader = Employee.objects.get(employee_id=READER).pk
    others = 0
    by_size: dict[str, dict[str, float]] = {}
    with made.connect() as connection:
        for query in (NOTIFICATIONS, COPIES, SEATS):
            connection.execute(query, {"reader": reader, "count": COPIES_OF_READER})
        for size in given.sizes:
            wanted = max(0, size // COPIES_OF_READER - 1)
            hub.say(f"growing to {size:,} copies")
            for first in range(others, wanted, 500):
                last = min(first + 500, wanted) - 1
                connection.execute(OTHERS, {"first": first, "last": last})
            others = wanted
            connection.execute("VACUUM ANALYZE notifications_recipient")
            reads = {**functions(reader), **requests(made, token)}
            by_size[str(size)] = {
                name: milliseconds(read, count=given.reads, runs=given.runs)
                for name, read in reads.items()
            }
            figures.show(f"{size:,} copies, milliseconds", by_size[str(size)])
    return {
        "name": "inbox",
        "conditions": machine.conditions(
            sizes=given.sizes, copies_of_reader=COPIES_OF_READER, reads=given.reads, runs=given.runs
        ),
        "keys": keys(by_size),
        "by_size": by_size,
    }


def keys(by_size: dict[str, dict[str, float]]) -> dict[str, float]:
    """Milliseconds by size, and by how much the worst read of the largest grew."""
    said = {
        f"{name}_ms_{size}": value
        for size, reads in by_size.items()
        for name, value in reads.items()
    }
    smallest, *_, largest = [*by_size.values(), *by_size.values()]
    growth = {name: figures.digits(largest[name] / smallest[name], 3) for name in smallest}
    return said | {f"ratio_{name}": value for name, value in growth.items()} | {
        "ratio_largest": max(growth.values())
    }  # fmt: skip


def original(made: hub.Stack) -> None:
    """One notification by the API, for the others to be like it; nobody works on it."""
    body = seed.notice({"any": [{"employees": ["E0000001"]}]}, body="Details follow.")
    made.post("/notifications", body | {"reference": "original"})


def functions(reader: Any) -> dict[str, Callable[[], object]]:
    """The reads by the domain's functions."""
    from notifications import changes, inbox

    after = inbox.page(employee_id=reader).after
    start = changes.since(employee_id=reader, cursor=None).cursor
    fresh = changed(reader, start)
    return {
        "function_changes_none": lambda: changes.since(employee_id=reader, cursor=fresh),
        "function_changes_fifty": lambda: changes.since(employee_id=reader, cursor=start),
        "function_search": lambda: inbox.page(employee_id=reader, text="nowhere"),
        "function_first": lambda: inbox.page(employee_id=reader),
        "function_next": lambda: inbox.page(employee_id=reader, after=after),
        "function_counts": lambda: inbox.counts(employee_id=reader),
    }


def changed(reader: Any, start: str) -> str:
    """Touch fifty copies of the reader's, as fifty answers would; a cursor of after that."""
    from hub.lib.columns import CurrentTransactionId
    from notifications import changes
    from notifications.models import Recipient

    fifty = Recipient.objects.filter(employee_id=reader).order_by("-arrived_at")[:50]
    ids = list(fifty.values_list("notification_id", flat=True))
    for one in ids:
        Recipient.objects.filter(employee_id=reader, notification_id=one).update(
            changed_in=CurrentTransactionId()
        )
    told = changes.since(employee_id=reader, cursor=start)
    if len(told.entries) < len(ids):
        raise RuntimeError(f"{len(told.entries)} of {len(ids)} changes were told.")
    return told.cursor


def requests(made: hub.Stack, token: str) -> dict[str, Callable[[], object]]:
    """The reads through HTTP."""
    import json

    connection = http.client.HTTPConnection(ports.HOST, made.web_port, timeout=60)

    def get(path: str) -> bytes:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        try:
            answer = connection.getresponse()
        except http.client.RemoteDisconnected:  # it was kept while other reads took their time
            connection.close()
            return get(path)
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:500]!r}")
        return content

    after = json.loads(get("/api/v1/me/inbox"))["page_info"]["after"]
    cursor = json.loads(get("/api/v1/me/changes"))["cursor"]
    return {
        "http_changes_none": lambda: get(f"/api/v1/me/changes?since={cursor}"),
        "http_first": lambda: get("/api/v1/me/inbox"),
        "http_next": lambda: get(f"/api/v1/me/inbox?after={after}"),
        "http_counts": lambda: get("/api/v1/me/counts"),
    }


def milliseconds(read: Callable[[], object], *, count: int, runs: int) -> float:
    """The median over the runs of the median time of a read."""
    read()

    def one() -> dict[str, float]:
        times = []
        for _ in range(count):
            started = time.perf_counter()
            read()
            times.append((time.perf_counter() - started) * 1000)
        return {"p50": figures.percentile(times, 0.5)}

    return figures.repeat(runs, one)["p50"]


if __name__ == "__main__":
    sys.exit(main())
