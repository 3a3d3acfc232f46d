"""The hub and its peers, as seen by a benchmark of their registrations: send, and say what is left.

Call after `benchmarks.hub.running`, with web, workers and people in place.
"""

import time
import uuid
from typing import Any, Protocol

import psycopg

from benchmarks import hub, seed, teams
from hub.demo.fcm import client

POOL = ("threads", 2)
QUIET_SECONDS = 10  # a peer that asks nothing for so long has ended: firebase-admin waits 4 at most
SECONDS_AT_MOST = 240


class Contender(Protocol):
    """The hub, or a peer."""

    def send(self) -> None:
        """Send one notice to everybody, and return once everything was tried."""

    def finish(self) -> None:
        """Try again whatever is to be tried again, until nothing is."""

    def registered(self) -> set[int]:
        """The numbers of the phones that it would still push to."""

    def recorded(self) -> int:
        """How many pushes of the last notice it has a record of."""

    def mend(self) -> None:
        """Register every phone again."""


class Hub:
    """The hub, with its own web and workers."""

    def __init__(self, made: hub.Stack) -> None:
        self.made = made
        self.notice = ""
        with self.made.connect() as connection:
            connection.execute(
                "CREATE TABLE kept AS SELECT id, employee_id, push_address, push_address_index"
                " FROM accounts_device"
            )
            # seed.people makes devices in the order of their numbers, and their ids ascend.
            self.numbers = {
                row[0]: number
                for number, row in enumerate(connection.execute("SELECT id FROM kept ORDER BY id"))
            }

    def send(self) -> None:
        body = seed.notice({"any": [{"everybody": True}]})
        self.notice = self.made.post("/notifications", body)["id"]
        hub.wait_for(
            lambda: not self._ask(
                "SELECT 1 FROM notifications_errand WHERE kind = 'fan_out'"
                " OR lease_until IS NOT NULL OR last_error IN ('', 'rate')"
            ),
            what="the first try", seconds=SECONDS_AT_MOST,
        )  # fmt: skip

    def finish(self) -> None:
        def nothing_left() -> bool:
            self._do("UPDATE notifications_errand SET due_at = now() WHERE due_at > now()")
            self.made.forget_rate()
            time.sleep(0.5)
            return not self._ask("SELECT 1 FROM notifications_errand")

        hub.wait_for(nothing_left, what="the second try", seconds=SECONDS_AT_MOST)

    def registered(self) -> set[int]:
        rows = self._ask("SELECT id FROM accounts_device WHERE push_address IS NOT NULL")
        return {self.numbers[row[0]] for row in rows}

    def recorded(self) -> int:
        return len(
            self._ask(
                "SELECT 1 FROM notifications_delivery"
                " WHERE notification_id = %s AND state <> 'queued'",
                uuid.UUID(self.notice),
            )
        )

    def mend(self) -> None:
        self._do(
            "UPDATE accounts_device device SET push_address = kept.push_address,"
            " push_address_index = kept.push_address_index, push_lost_at = NULL"
            " FROM kept WHERE kept.id = device.id"
        )

    def _ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        with self.made.connect() as connection:
            return connection.execute(question, values).fetchall()

    def _do(self, statement: str) -> None:
        with self.made.connect() as connection:
            connection.execute(statement)


class Peer:
    """A push library behind Celery, as a team would use it; see benchmarks.peers."""

    def __init__(
        self, peers: teams.Peers, name: str, firebase: client.Emulator, employees: int
    ) -> None:
        self.peers, self.name, self.firebase, self.employees = peers, name, firebase, employees
        self.table = {"fcm-django": "fcm_django_fcmdevice"}.get(
            name, "push_notifications_gcmdevice"
        )
        self.notice = 0
        peers.start_worker(name, POOL, warming=10)

    def send(self) -> None:
        (self.notice,) = self.peers.notifications(1)
        self.peers.ask("broadcast", self.name, self.notice, self.employees)
        quiet_since, before, started = time.monotonic(), -1, time.monotonic()
        while time.monotonic() - started < SECONDS_AT_MOST:
            counters = self.firebase.counters()
            now = counters["accepted"] + counters["refused"] + self.recorded()
            if now != before:
                quiet_since, before = time.monotonic(), now
            if self.recorded() >= teams.devices_of(self.employees):
                return
            if now and time.monotonic() - quiet_since > QUIET_SECONDS:
                return
            time.sleep(0.2)

    def finish(self) -> None:
        """A peer tries nothing again."""

    def registered(self) -> set[int]:
        rows = self._ask(f"SELECT registration_id FROM {self.table} WHERE active")
        return {int(row[0].partition(":")[0].removeprefix("bench-")) for row in rows}

    def recorded(self) -> int:
        question = "SELECT count(*) FROM peers_delivery WHERE notification_id = %s"
        count: int = self._ask(question, self.notice)[0][0]
        return count

    def mend(self) -> None:
        with psycopg.connect(self.peers.url, autocommit=True) as connection:
            connection.execute(f"UPDATE {self.table} SET active = true")

    def _ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.peers.url, autocommit=True) as connection:
            return connection.execute(question, values).fetchall()
