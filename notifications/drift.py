"""What the missing foreign keys would have guaranteed: no row without the rows it names.

The hot tables have none in the database (docs/adr/0005); their rows are only ever made by a
SELECT from the tables they name, so this finds nothing, or a fault of ours, or a torn restore.
Read in batches by primary key, so that no statement is long and nothing is locked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from hub.lib import metrics

ROWS_A_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Link:
    """A column, and the table in which its value must stand as `id`."""

    column: str
    table: str
    what: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table without foreign keys: its primary key, and the links to look at."""

    name: str
    rows: str
    key: Sequence[str]
    links: Sequence[Link]


EMPLOYEE = Link("employee_id", "accounts_employee", "an employee")
NOTIFICATION = Link("notification_id", "notifications_notification", "a notification")
TABLES = (
    Table(
        "notifications_recipient",
        "recipients",
        ("employee_id", "notification_id"),
        (EMPLOYEE, NOTIFICATION),
    ),
    Table(
        "notifications_delivery",
        "deliveries",
        ("notification_id", "employee_id", "device_id", "purpose", "version"),
        (NOTIFICATION, EMPLOYEE, Link("device_id", "accounts_device", "a device")),
    ),
    Table(
        "notifications_digested",
        "digest items",
        ("notification_id", "employee_id", "version"),
        (NOTIFICATION, EMPLOYEE),
    ),
    Table(
        "notifications_errand",
        "errands",
        ("id",),
        (
            NOTIFICATION,
            Link("subsystem_id", "accounts_subsystem", "a sub-system"),
            Link("event_id", "notifications_callbackevent", "an event"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows of a table were looked at, and how many lack what they name."""

    rows: str
    looked_at: int
    without: dict[str, int]  # only where there are any

    def __str__(self) -> str:
        lacking = [f"{count} without {what}" for what, count in self.without.items()]
        return f"{self.looked_at} {self.rows}" + (f" ({', '.join(lacking)})" if lacking else "")


def check(*, rows_a_batch: int = ROWS_A_BATCH) -> list[Found]:
    """Look at every row of the tables without foreign keys, and tell the metrics."""
    found = [_check(table, rows_a_batch=rows_a_batch) for table in TABLES]
    for one in found:
        metrics.drift.labels(one.rows).set(sum(one.without.values()))
    return found


def _check(table: Table, *, rows_a_batch: int) -> Found:
    looked_at, without = 0, dict.fromkeys((link.what for link in table.links), 0)
    for size, *missing in _batches(table, rows_a_batch=rows_a_batch):
        looked_at += size
        for link, count in zip(table.links, missing, strict=True):
            without[link.what] += count
    return Found(table.rows, looked_at, {what: n for what, n in without.items() if n})


def _batches(table: Table, *, rows_a_batch: int) -> Iterator[list[int]]:
    """For each batch: its size, and for each link how many rows lack what they name."""
    last: list[Any] | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_statement(table, after=last is not None), [*(last or ()), rows_a_batch])
            row = cursor.fetchone()
        if row is None:
            return
        keys, numbers = list(row[: len(table.key)]), list(row[len(table.key) :])
        yield numbers
        if numbers[0] < rows_a_batch:
            return
        last = keys


def _statement(table: Table, *, after: bool) -> str:
    """One batch: the key of its last row, its size, and the counts. Names are constants above."""
    key = ", ".join(table.key)
    columns = ", ".join(dict.fromkeys([*table.key, *(link.column for link in table.links)]))
    begin = f"WHERE ({key}) > ({', '.join(['%s'] * len(table.key))})" if after else ""
    counts = ", ".join(
        f"(SELECT count(*) FROM batch WHERE {link.column} IS NOT NULL AND NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM {link.table} WHERE id = batch.{link.column}))"
        for link in table.links
    )
    batch = f"SELECT {columns} FROM {table.name} {begin} ORDER BY {key} LIMIT %s"  # noqa: S608
    order = ", ".join(f"{column} DESC" for column in table.key)
    return (
        f"WITH batch AS MATERIALIZED ({batch})"  # noqa: S608
        f" SELECT {key}, (SELECT count(*) FROM batch), {counts} FROM batch"
        f" ORDER BY {order} LIMIT 1"
    )
