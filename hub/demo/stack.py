"""The whole hub on one machine: which processes, in which order, with which environment."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hub.demo import engines, home, ports, supervisor

MODULE = [sys.executable, "-m"]
QUEUES = "push,bulk,callback,maintenance,mail"


@contextmanager
def running(
    where: home.Home, *, at: ports.Ports, say: Callable[[str], None]
) -> Iterator[tuple[supervisor.Supervisor, dict[str, Any]]]:
    """The hub, started and ready; leaving the context stops it. Yields the addresses too.

    The addresses (web, phones, fcm, receiver, mailbox, data, pid, as in running.json) are what
    `hub.demo.check.main` takes. Raises HomeError, PortTaken, EngineError, ChildError, StopAsked.
    """
    ports.require_free(at)
    with home.occupied(where), supervisor.Supervisor(logs=where.logs, say=say) as watched:
        shutil.rmtree(where.metrics, ignore_errors=True)
        env = _environment(where, at)
        if not env.keys() & {"DATABASE_URL", "DATABASE_URL_FILE"}:
            env["DATABASE_URL"] = watched.adopt(
                lambda log: engines.start_postgres(where.postgres, log=log), name="postgres"
            ).url
        if not env.keys() & {"REDIS_URL", "REDIS_URL_FILE"}:
            env["REDIS_URL"] = watched.adopt(
                lambda log: engines.start_valkey(where.valkey, log=log), name="valkey"
            ).url
        phones = _start_world(watched, where, at, env)
        _start_hub(watched, where, at, env)
        watched.run(
            "pretend phones",
            [*MODULE, "hub.demo.phones", "--web", at.web_url, "--phones", phones],
            env=env, directory=home.CHECKOUT,
        )  # fmt: skip
        addresses = {
            "pid": os.getpid(),
            "web": at.web_url,
            "phones": phones,
            "fcm": env["FCM_ENDPOINT"],
            "receiver": at.receiver_url,
            "mailbox": at.mailbox_url,
            "streams": f"http://{ports.HOST}:{at.streams}",
            "data": str(where.path),
        }
        home.write_json(where.running, addresses)
        try:
            yield watched, addresses
        finally:
            where.running.unlink(missing_ok=True)


def _environment(where: home.Home, at: ports.Ports) -> dict[str, str]:
    """What every process is given; the caller's own variables win over the demo's choice."""
    chosen = {
        "HUB_MODE": "demo",
        "HUB_DIRECTORY": "local",
        "LOCAL_DIRECTORY_FILE": str(where.people),
        "DEMO_FILE": str(where.seeded),
        "DEMO_RECEIVER_URL": at.receiver_url,
        "HUB_PUBLIC_URL": at.web_url,
        "MAIL_HOST": ports.HOST,
        "MAIL_PORT": str(at.smtp),
        "MAIL_SECURITY": "none",
        "MAIL_FROM": "Demo hub <hub@demo.example>",
        "MAIL_FALLBACK_AFTER_SECONDS": "120",
        "DEMO_CALLBACK_SECRETS_FILE": str(where.callback_secrets),
        "HUB_METRICS_DIR": str(where.metrics),
        **home.provide_secrets(where),
    }
    # NAME_FILE is the other way to give NAME, and both at once are refused.
    chosen = {key: value for key, value in chosen.items() if f"{key}_FILE" not in os.environ}
    return {
        **chosen,
        **os.environ,
        "HUB_DATA_DIR": str(where.path),
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _start_world(
    watched: supervisor.Supervisor, where: home.Home, at: ports.Ports, env: dict[str, str]
) -> str:
    """Start what the hub talks to, point `env` at it, and give the address of the phones' page."""
    fcm = watched.start(
        "fcm emulator",
        [
            *MODULE, "hub.demo.fcm", "--dir", str(where.fcm),
            "--port", str(at.fcm), "--http-port", str(at.phones),
        ],
        env=env, directory=home.CHECKOUT,
    )  # fmt: skip
    receiver = watched.start(
        "receiver",
        [
            *MODULE, "hub.demo.receiver", "--port", str(at.receiver),
            "--log", str(where.callbacks), "--secrets", str(where.callback_secrets),
            "--hub", str(where.hub),
        ],
        env=env, directory=home.CHECKOUT,
    )  # fmt: skip
    mailbox = watched.start(
        "mailbox",
        [*MODULE, "hub.demo.mailbox", "--port", str(at.mailbox), "--smtp-port", str(at.smtp)],
        env=env, directory=home.CHECKOUT,
    )  # fmt: skip
    for child in (fcm, receiver, mailbox):
        watched.wait(child, lambda child: _ready_line(child) is not None)
    said = _ready_line(fcm) or {}
    env["FCM_ENDPOINT"] = said["endpoint"]
    env["FCM_CA_FILE"] = said["ca_file"]
    env["FCM_CREDENTIALS_FILE"] = said["credentials_file"]
    return str(said["page"])


def _start_hub(
    watched: supervisor.Supervisor, where: home.Home, at: ports.Ports, env: dict[str, str]
) -> None:
    common: dict[str, Any] = {"env": env, "directory": home.CHECKOUT}
    # A database of the caller's own may have been emptied meanwhile: that one is always asked.
    stamp = _stamp(env) if where.postgres.exists() and "DATABASE_URL" in env else ""
    if not stamp or home.read_stamp(where) != stamp:
        watched.run("migrate", [sys.executable, "manage.py", "migrate", "--no-input"], **common)
        watched.run("demo company", [*MODULE, "hub.demo.seed"], **common)
        home.write_stamp(where, stamp)
    demo = json.loads(where.seeded.read_text(encoding="utf-8"))
    home.write_json(where.hub, {"web": at.web_url, "api_keys": demo["api_keys"]})
    web = watched.start(
        "web",
        [
            *MODULE, "granian", "--interface", "wsgi", "--host", ports.HOST, "--port", str(at.web),
            "--workers", "1", "--blocking-threads", "8", "--backpressure", "64", "--no-ws",
            "hub.wsgi:application",
        ],
        **common,
    )  # fmt: skip
    streams = watched.start(
        "streams",
        [
            *MODULE, "granian", "--interface", "asgi", "--host", ports.HOST,
            "--port", str(at.streams), "--http", "1", "--no-ws", "--workers", "1",
            "--workers-kill-timeout", "5", "hub.streams.app:application",
        ],
        **common,
    )  # fmt: skip
    worker = watched.start(
        "worker",
        [
            *MODULE, "celery", "-A", "hub.celery", "worker", "-Q", QUEUES, "--concurrency", "2",
            "--hostname", "hub@%h", "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ],
        **common,
    )  # fmt: skip
    beat = watched.start(
        "beat",
        [
            *MODULE, "celery", "-A", "hub.celery", "beat",
            "--schedule", str(where.schedule), "--pidfile", "", "--loglevel", "INFO",
        ],
        **common,
    )  # fmt: skip
    watched.wait(web, lambda _: ports.responds(at.web))
    watched.wait(streams, lambda _: ports.responds(at.streams))
    watched.wait(worker, lambda child: " ready." in child.output())
    watched.wait(beat, lambda child: "beat: Starting" in child.output())


def _stamp(env: dict[str, str]) -> str:
    """What the database was made ready for: the migrations, the seed, its address, the receiver.

    While it stays the same there is nothing to migrate or seed, and a start saves their seconds.
    """
    sources = sorted(home.CHECKOUT.glob("*/migrations/*.py"))
    sources += [
        home.CHECKOUT / "hub" / "demo" / name for name in ("seed.py", "company.py", "modules.py")
    ]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.name}\0".encode() + source.read_bytes())
    digest.update(f"{env['DATABASE_URL']}\0{env['DEMO_RECEIVER_URL']}".encode())
    return digest.hexdigest()


def _ready_line(child: supervisor.Child) -> dict[str, Any] | None:
    """The line of JSON by which our own servers say that they listen; None until it came."""
    for line in child.output().splitlines():
        if line.startswith("{") and '"ready"' in line:
            try:
                said: dict[str, Any] = json.loads(line)
            except ValueError:
                return None  # half of it is still on its way
            return said
    return None
