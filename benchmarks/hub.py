"""The hub under measurement: real engines, durable, with its own web and workers."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from benchmarks import emulator, machine
from hub.demo import engines, home, ports, processes

DATABASE = "bench_hub"
ALL_QUEUES = "push,bulk,callback,maintenance,mail"


@dataclass
class Stack:
    """Engines, emulator and environment; web and workers once they are started."""

    postgres: engines.Engine
    valkey: engines.Engine
    firebase: emulator.Emulator
    env: dict[str, str]
    stack: contextlib.ExitStack
    web_port: int = 0
    key: str = ""
    pids: dict[str, int] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        return self.env["DATABASE_URL"]

    def trees(self) -> dict[str, int]:
        """The process trees whose CPU counts, by name."""
        engine_pids = {"postgres": self.postgres.pid, "valkey": self.valkey.pid}
        return engine_pids | {"emulator": self.firebase.process.pid} | self.pids

    def manage(self, *arguments: str) -> None:
        """Run a management command of the hub."""
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=machine.CHECKOUT, env=self.env, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def start_web(self, *, workers: int = 2, threads: int = 4) -> None:
        """The web server as docker/entrypoint.sh starts it; `key` must be known to call it."""
        self.web_port = free_port()
        process, _ = spawn(
            self, "web",
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ports.HOST,
                "--port", str(self.web_port), "--http", "1", "--no-ws",
                "--workers", str(workers), "--blocking-threads", str(threads),
                "hub.wsgi:application",
            ],
        )  # fmt: skip
        self.pids["web"] = process.pid
        wait_for(lambda: ports.responds(self.web_port), what="web")

    def start_workers(self, layout: str = f"{ALL_QUEUES}:2") -> None:
        """Celery workers: `queues:processes`, several of them separated by a semicolon."""
        for number, part in enumerate(layout.split(";")):
            queues, _, count = part.partition(":")
            process, log = spawn(
                self, f"worker{number}",
                [
                    sys.executable, "-m", "celery", "-A", "hub.celery", "worker", "-Q", queues,
                    "--concurrency", count or "1", "--hostname", f"bench{number}@%h",
                    "--without-gossip", "--without-mingle", "--loglevel", "INFO",
                ],
            )  # fmt: skip
            self.pids[f"worker{number}"] = process.pid
            self.workers.append(process)
            wait_for(lambda log=log: " ready." in log.read_text(errors="replace"), what="worker")

        process, _ = spawn(
            self, "beat",
            [
                sys.executable, "-m", "celery", "-A", "hub.celery", "beat", "--pidfile", "",
                "--schedule", str(machine.cache() / "beat.schedule"), "--loglevel", "INFO",
            ],
        )  # fmt: skip
        self.pids["beat"] = process.pid
        self.workers.append(process)

    def stop_workers(self) -> None:
        """End the workers and beat."""
        for process in reversed(self.workers):
            processes.finish(process)
        ended = {process.pid for process in self.workers}
        self.pids = {name: pid for name, pid in self.pids.items() if pid not in ended}
        self.workers.clear()

    @contextlib.contextmanager
    def frozen_workers(self) -> Iterator[None]:
        """Workers that do nothing (SIGSTOP) until the end of the context: work piles up."""
        pids = [pid for main in self.worker_pids for pid in machine.tree(main)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @property
    def worker_pids(self) -> list[int]:
        """The main processes of the workers, without beat."""
        return [pid for name, pid in self.pids.items() if name.startswith("worker")]

    def forget_rate(self) -> None:
        """Fill the bucket of the Firebase project again."""
        with redis.Redis.from_url(self.env["REDIS_URL"]) as client:
            client.delete("nothing", *client.scan_iter("hub:push-rate:*"))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST to the sub-system API with a fresh idempotency key; the answer's JSON."""
        connection = http.client.HTTPConnection(ports.HOST, self.web_port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        said: dict[str, Any] = json.loads(answer.read())
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{path} answered {answer.status}: {said}")
        return said

    def batch_exists(self) -> bool:
        """Whether the API takes many notifications in one POST."""
        try:
            self.post("/notifications/batch", {"notifications": []})
        except RuntimeError as error:
            return " 404" not in str(error) and " 405" not in str(error)
        return True

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own to the hub's database, in autocommit."""
        return psycopg.connect(self.database_url, autocommit=True)


@contextlib.contextmanager
def running(**settings: str) -> Iterator[Stack]:
    """Engines, emulator, and a fresh migrated database; Django is set up in this process too.

    `settings` are environment variables of the hub; the caller's own win over both.
    """
    place = machine.cache()
    with contextlib.ExitStack() as stack:
        valkey = engines.start_valkey(place / "valkey")
        stack.callback(valkey.stop)
        postgres = engines.start_postgres(place / "postgres")
        stack.callback(postgres.stop)
        firebase = emulator.start()
        stack.callback(firebase.stop)
        where = home.Home(place)
        env = {
            "HUB_MODE": "demo",
            "HUB_DIRECTORY": "local",
            "LOCAL_DIRECTORY_FILE": str(place / "people.json"),
            "SUBSYSTEM_REQUESTS_A_MINUTE": "10000000",
            "EMPLOYEE_REQUESTS_A_MINUTE": "100000",
            "BLAST_RADIUS_RECIPIENTS": "10000000",  # nobody is here to release what is held
            **home.provide_secrets(where),
            **settings,
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "DATABASE_URL": fresh_database(postgres.url, DATABASE),
            "REDIS_URL": valkey.url,
            "FCM_ENDPOINT": firebase.endpoint,
            "FCM_CA_FILE": str(firebase.ca_file),
            "FCM_CREDENTIALS_FILE": str(firebase.credentials_file),
            "PYTHONUNBUFFERED": "1",
        }
        made = Stack(postgres, valkey, firebase, env, stack)
        say("migrating a fresh database")
        made.manage("migrate", "--no-input")
        os.environ.update(env)
        import django  # after the environment is known

        django.setup()
        from django.db import connections

        stack.callback(connections.close_all)
        yield made


def fresh_database(url: str, name: str) -> str:
    """Drop and make a database in the cluster; its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        identifier = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    return url.rpartition("/")[0] + f"/{name}"


def spawn(
    made: Stack, name: str, command: list[str], *, env: dict[str, str] | None = None,
    directory: Path = machine.CHECKOUT,
) -> tuple[subprocess.Popen[bytes], Path]:  # fmt: skip
    """Start a process that ends with the stack; the process and its log."""
    log = machine.cache() / f"{name}.log"
    log.unlink(missing_ok=True)
    process = processes.spawn(command, log=log, env=env or made.env, directory=directory)
    made.stack.callback(processes.finish, process)
    return process, log


def wait_for(ready: Any, *, what: str, seconds: float = 60) -> None:
    """Wait until `ready()`. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready after {seconds:.0f} s; see {machine.cache()}")
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((ports.HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def say(text: str) -> None:
    """A line of progress."""
    print(f"  · {text}", flush=True)
