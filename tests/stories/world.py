"""Everything around the hub of a story: servers, phones, a pretend sub-system, and the cast."""

import base64
import contextlib
import itertools
import json
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from hub.demo import app, processes
from hub.demo.fcm import process as fcm
from tests.servers import company, postgres, process, samba
from tests.stories.hub_process import PYTHON, ROOT, Hub, until

# The shortest that the system checks allow: calls end before the task, the task before its lease.
LEASE_SECONDS = 5
CALL_SECONDS = 3
REDIS_DATABASES = 16  # as Redis has them by default
_worlds = itertools.count()


class World:
    """A running hub on Debian's servers, and the hands of those who use it."""

    def __init__(
        self,
        *,
        hub: Hub,
        emulator: fcm.Running,
        receiver: str,
        database: str,
        redis_url: str,
        servers: tuple[samba.Samba, postgres.Postgres, process.Running],
        keys: dict[str, str],
    ) -> None:
        self.hub, self.receiver, self.database, self.keys = hub, receiver, database, keys
        self.redis_url = redis_url
        self.emulator = emulator.client()
        self.samba, self.postgres, self.redis = servers
        self.http = httpx.Client(timeout=30, trust_env=False)
        # What must never stand in a log or in Redis: grows with all that is said.
        self.secrets: set[str] = set()
        self._phones: dict[str, app.App] = {}

    def phone(self, name: str) -> app.App:
        """The one phone of a member of the cast; the first call signs in."""
        if name not in self._phones:
            token = self.emulator.register_phone(name, "android")
            phone = app.App(web=self.hub.url, label=name, platform="android", push_token=token)
            answer = phone.sign_in(name, self.samba.passwords[name])
            self.secrets |= {token, answer["access_token"], answer["refresh_token"]}
            self.secrets |= phone.activate(self.emulator)
            self._phones[name] = phone
        return self._phones[name]

    def post(
        self, body: dict[str, Any], *, key: str = "", subsystem: str = "payroll"
    ) -> httpx.Response:
        """POST a notification as a sub-system; answered within 10 s, whatever is broken."""
        self.secrets |= {body["title"], body["summary"]}
        return self.http.post(
            f"{self.hub.url}/api/v1/notifications",
            json=body,
            headers={
                "Authorization": f"Bearer {self.keys[subsystem]}",
                "Idempotency-Key": key or secrets.token_hex(8),
            },
        )

    def get(self, path: str, *, subsystem: str = "payroll") -> httpx.Response:
        """Read as a sub-system."""
        return self.http.get(
            f"{self.hub.url}/api/v1/{path}",
            headers={"Authorization": f"Bearer {self.keys[subsystem]}"},
        )

    def ask(self, *names: str) -> str:
        """A request to some people is accepted; its id."""
        return accepted(self.post(request_to(*names)))

    def shows(self, name: str, notification: str) -> int:
        """How often a phone's tray shows a notification: never more than once, if all is well."""
        tray = self.emulator.tray(self.phone(name).push_token)
        return sum(entry["tag"] == notification for entry in tray)

    def pushes(self, name: str, notification: str) -> list[dict[str, Any]]:
        """The data of the pushes that reached a phone for a notification, the oldest first."""
        sent = self.emulator.messages(token=self.phone(name).push_token, limit=10_000)
        data = [entry["message"]["data"] for entry in sent if entry["message"]]
        return [each for each in data if each["id"] == notification]

    def callbacks(self, notification: str) -> list[dict[str, Any]]:
        """What the pretend sub-system heard of a notification, and what it could not verify."""
        events = self.http.get(f"{self.receiver}/events").json()
        return [
            event
            for event in events
            if not event["verified"] or event["payload"]["data"]["notification_id"] == notification
        ]

    def answer_callbacks(self, **script: object) -> None:
        """How the pretend sub-system answers from now on; see hub.demo.receiver.journal.Script."""
        self.http.post(f"{self.receiver}/script", json=script).raise_for_status()

    def query(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.database) as connection:
            return connection.execute(question, values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        """Change something in the database by hand, such as the time for which something waits."""
        with psycopg.connect(self.database) as connection:
            connection.execute(statement, values)

    @contextlib.contextmanager
    def writes_held(self, table: str) -> Iterator[None]:
        """Nobody writes to a table meanwhile, so that a process stands still at a known place."""
        held = sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table))
        with contextlib.closing(psycopg.connect(self.database)) as connection:
            connection.execute(held)
            yield  # closing, not committing: the server may be dead by now

    def mend(self) -> None:
        """Put back whatever a test scripted or killed, even one that failed."""
        self.emulator.clear_scripts()
        self.answer_callbacks()
        self.hub.start()


@contextlib.contextmanager
def killed(server: process.Running) -> Iterator[None]:
    """A server is dead meanwhile, as after a power cut."""
    server.kill()
    try:
        yield
    finally:
        server.start_again()


@contextlib.contextmanager
def frozen(server: process.Running) -> Iterator[None]:
    """A server takes connections meanwhile, and answers nobody."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def request_to(*names: str) -> dict[str, Any]:
    """A request to some of the cast, like no other."""
    reference = f"EXP-{secrets.token_hex(4)}"
    return {
        "category": "approval",
        "kind": "request",
        "reference": reference,
        "title": f"Expense report {reference}",
        "summary": f"Taxi and hotel of {reference}",
        "audience": {"any": [{"employees": [company.PEOPLE[name][0] for name in names]}]},
    }


def accepted(answer: httpx.Response) -> str:
    """The id of what a POST was answered 202 for."""
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@contextlib.contextmanager
def made(
    directory: Path,
    *,
    servers: tuple[samba.Samba, postgres.Postgres, process.Running],
    **settings: str,
) -> Iterator[World]:
    """A hub with databases of its own on these servers, ready; leaving it ends all it started.

    `settings` are environment variables that differ from those of most stories.
    """
    with contextlib.ExitStack() as tidy:
        database = tidy.enter_context(_database(servers[1]))
        # Workers that heard the rings for another hub's queues would answer them with silence.
        redis_url = f"{servers[2].url.rpartition('/')[0]}/{next(_worlds) % REDIS_DATABASES}"
        emulator = fcm.start(directory / "fcm")
        tidy.callback(emulator.stop)
        callback_secrets = directory / "callback-secrets.json"
        receiver = tidy.enter_context(_receiver(directory, callback_secrets))
        keys = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "HUB_ENCRYPTION_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "HUB_MAC_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        hub = Hub(
            directory=directory,
            environment={
                **keys,
                **servers[0].environment(),
                "DJANGO_SETTINGS_MODULE": "hub.settings",
                "HUB_MODE": "test",
                "DATABASE_URL": database,
                "REDIS_URL": redis_url,
                "FCM_ENDPOINT": emulator.endpoint,
                "FCM_CA_FILE": str(emulator.ca_file),
                "FCM_CREDENTIALS_FILE": str(emulator.credentials_file),
                "FCM_TOTAL_TIMEOUT_SECONDS": str(CALL_SECONDS),
                "CALLBACK_TOTAL_TIMEOUT_SECONDS": str(CALL_SECONDS),
                "ERRAND_LEASE_SECONDS": str(LEASE_SECONDS),
                "RELAY_EVERY_SECONDS": "1",
                "EMPLOYEE_REQUESTS_A_MINUTE": "100000",  # the tests poll
                **settings,
            },
        )
        tidy.callback(hub.stop)
        hub.manage("migrate", "--no-input")
        hub.manage("sync_directory")
        cast = json.loads(hub.run("-m", "tests.stories.cast", receiver))
        callback_secrets.write_text(json.dumps(cast["callback_secrets"]), encoding="utf-8")
        known = {"web": hub.url, "api_keys": cast["keys"]}
        (directory / "hub.json").write_text(json.dumps(known), encoding="utf-8")
        world = World(
            hub=hub, emulator=emulator, receiver=receiver, database=database,
            redis_url=redis_url, servers=servers, keys=cast["keys"],
        )  # fmt: skip
        tidy.callback(world.http.close)
        world.secrets |= {
            *keys.values(),
            *cast["keys"].values(),
            *cast["callback_secrets"].values(),
        }
        hub.start()
        yield world


@pytest.fixture(scope="package", name="world")
def a_world(
    tmp_path_factory: pytest.TempPathFactory,
    samba: samba.Samba,
    postgres15: postgres.Postgres,
    redis7: process.Running,
) -> Iterator[World]:
    """One running hub for all the tests of a package; each test mends what it broke."""
    with made(tmp_path_factory.mktemp("hub"), servers=(samba, postgres15, redis7)) as world:
        yield world


@contextlib.contextmanager
def _database(server: postgres.Postgres) -> Iterator[str]:
    name = f"story_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield server.url.removesuffix("/hub") + f"/{name}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def _receiver(directory: Path, callback_secrets: Path) -> Iterator[str]:
    log = directory / "receiver.log"
    running = processes.spawn(
        [
            *PYTHON, "hub.demo.receiver", "--log", directory / "callbacks.jsonl",
            "--secrets", callback_secrets, "--hub", directory / "hub.json",
        ],
        log=log,
        directory=ROOT,
    )  # fmt: skip
    try:
        line = until("the receiver is ready", lambda: log.read_text().partition("\n")[0])
        yield json.loads(line)["url"]
    finally:
        processes.finish(running)
