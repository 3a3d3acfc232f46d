"""Drives the peers of `benchmarks.peers`: their environment, database, workers and web."""

import os
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from celery import Celery

from benchmarks import hub, machine
from hub.demo import ports, processes
from hub.lib import broker

PEERS = ("fcm-django", "django-push-notifications")
POOLS = (("prefork", 2), ("threads", 2), ("prefork", 4))
WARMING = 1600  # employees: four chunks, so that every process has had one
REQUIREMENTS = machine.CHECKOUT / "requirements" / "bench.txt"


def environment() -> Path:
    """The Python of the peers, with what requirements/bench.txt locks. Raises machine.Unfit."""
    place = machine.CHECKOUT / ".cache" / "bench-venv"
    python, stamp = place / "bin" / "python", place / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == REQUIREMENTS.read_bytes():
        return python
    hub.say("installing the peers into .cache/bench-venv")
    uv = machine.CHECKOUT / ".tools" / "bin" / "uv"
    program = str(uv) if uv.exists() else "uv"
    own = str(machine.CHECKOUT / ".venv" / "bin" / "python")
    try:
        subprocess.run([program, "venv", "-q", "--clear", "--python", own, str(place)], check=True)
        subprocess.run(
            [program, "pip", "sync", "-q", "--python", str(python), "--require-hashes",
             str(REQUIREMENTS)],
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as error:
        raise machine.Unfit(f"The peers could not be installed with uv: {error}") from error
    stamp.write_bytes(REQUIREMENTS.read_bytes())
    return python


@dataclass
class Peers:
    """The peers' project beside a running hub, on its engines and its pretend FCM."""

    made: hub.Stack
    python: Path
    env: dict[str, str]
    url: str
    key: str
    celery: Celery
    web_port: int = 0
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_worker(self, peer: str, pool: tuple[str, int], *, warming: int = WARMING) -> None:
        """A Celery worker for one of the peers; the one it had is ended.

        A broadcast to `warming` employees opens the connections and caches of its processes.
        """
        self.stop_worker(peer)
        kind, concurrency = pool
        process, log = hub.spawn(
            self.made, f"team-{peer}",
            [
                str(self.python), "-m", "celery", "-A", "benchmarks.peers.tasks", "worker",
                "-Q", peer, "--pool", kind, "--concurrency", str(concurrency),
                "--without-gossip", "--without-mingle", "--loglevel", "INFO",
                "--hostname", f"{peer}@%h",
            ],
            env=self.env,
        )  # fmt: skip
        self.workers[peer] = process
        self.made.pids[f"team-{peer}"] = process.pid
        hub.wait_for(lambda: " ready." in log.read_text(errors="replace"), what=peer)
        self.broadcast(peer, employees=warming)

    def stop_worker(self, peer: str) -> None:
        """End the worker of a peer, if it has one."""
        process = self.workers.pop(peer, None)
        if process is not None:
            processes.finish(process)
            del self.made.pids[f"team-{peer}"]

    def start_web(self, *, workers: int = 2, threads: int = 4) -> None:
        """The web server, as the hub's own."""
        self.web_port = hub.free_port()
        process, _ = hub.spawn(
            self.made, "peers-web",
            [
                str(self.python), "-m", "granian", "--interface", "wsgi", "--host", ports.HOST,
                "--port", str(self.web_port), "--http", "1", "--no-ws",
                "--workers", str(workers), "--blocking-threads", str(threads),
                "benchmarks.peers.wsgi:application",
            ],
            env=self.env,
        )  # fmt: skip
        self.made.pids["peers-web"] = process.pid
        hub.wait_for(lambda: ports.responds(self.web_port), what="peers' web")

    def notifications(self, count: int) -> list[int]:
        """Fresh rows to be pushed."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(
                "INSERT INTO peers_notification (category_id, sender_id, kind, reference, title,"
                " summary, audience, created_at) SELECT 1, 1, 'notice', 'r' || n,"
                " 'Canteen closed on Friday', 'The canteen of building 4 stays closed on Friday;"
                " the one in 7 is open.', '[]', now() FROM generate_series(1, %s) n RETURNING id",
                [count],
            )
            return [row[0] for row in rows]

    def ask(self, task: str, peer: str, *arguments: Any) -> None:
        """Queue a task of benchmarks.peers.tasks for a peer's worker."""
        self.celery.send_task(f"benchmarks.peers.tasks.{task}", (peer, *arguments), queue=peer)

    def broadcast(self, peer: str, *, employees: int) -> None:
        """Send one notification to the first so many people, until all is recorded."""
        made = self.notifications(1)
        self.ask("broadcast", peer, made[0], employees)
        self.finish(made, pushes=devices_of(employees))

    def finish(self, notifications: list[int], *, pushes: int, seconds: float = 180) -> None:
        """Wait until so many deliveries are recorded. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        first, last = min(notifications), max(notifications)
        with psycopg.connect(self.url, autocommit=True) as connection:
            while True:
                row = connection.execute(
                    "SELECT count(*) FROM peers_delivery WHERE notification_id BETWEEN %s AND %s"
                    " AND sent",
                    [first, last],
                ).fetchone()
                if row and row[0] >= pushes:
                    return
                if time.monotonic() > deadline:
                    raise TimeoutError(f"only {row and row[0]} of {pushes} pushes were recorded")
                time.sleep(0.05)


def beside(made: hub.Stack, *, employees: int) -> Peers:
    """The peers' project with so many employees, and devices in the proportion of the hub's."""
    python = environment()
    url = hub.fresh_database(made.postgres.url, "bench_peers")
    parts = urlsplit(url)
    broker_url = broker.celery_url(made.valkey.url)
    env = {
        **os.environ,
        "PEERS_DATABASE_HOST": unquote(parts.netloc.rpartition("@")[2]),
        "PEERS_DATABASE_NAME": parts.path.strip("/"),
        "PEERS_DATABASE_USER": parts.username or "",
        "PEERS_BROKER_URL": broker_url,
        "PEERS_FCM_ENDPOINT": made.firebase.endpoint,
        "GOOGLE_APPLICATION_CREDENTIALS": str(made.firebase.credentials_file),
        "REQUESTS_CA_BUNDLE": str(made.firebase.ca_file),
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
    }
    key = secrets.token_hex(32)
    hub.say(f"seeding the peers with {employees:,} employees")
    subprocess.run(
        [str(python), "-m", "benchmarks.peers.prepare", str(employees), key],
        cwd=machine.CHECKOUT, env=env, check=True,
    )  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return Peers(made, python, env, url, key, Celery("bench", broker=broker_url))


def devices_of(employees: int) -> int:
    """How many devices the first so many employees have."""
    return employees + employees // 10 * 3 + min(employees % 10, 3)
