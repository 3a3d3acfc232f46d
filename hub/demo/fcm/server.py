"""One process, one event loop, two listeners: TLS for the hub, plain HTTP for a browser."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP2Settings
from granian.server.embed import Server

from hub.demo.fcm import app, credentials, world

HOST = "127.0.0.1"
STREAMS_PER_CONNECTION = 100  # what Google announces
HOUSEKEEPING_SECONDS = 0.5
KEPT_WHILE_RUNNING = 2000


@dataclass(frozen=True)
class Options:
    """How to start: ports (nought: any free one), the folder to keep things in, the log file."""

    directory: Path
    port: int = 0
    http_port: int = 0
    log: Path | None = None
    fast: bool = False
    with_parent: bool = False


def reserve(port: int) -> socket.socket:
    """A socket that holds a port of HOST without listening. Raises OSError if it is taken.

    Granian listens with SO_REUSEPORT: it would share a taken port in silence, so the port is first
    bound alone; and a free port that was found must stay ours until Granian has it.
    """
    with socket.socket() as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind((HOST, port))
        port = alone.getsockname()[1]
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((HOST, port))
    return held


async def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM (or, with a parent, until standard input ends)."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    with reserve(options.port) as held, reserve(options.http_port) as held_http:
        port, http_port = held.getsockname()[1], held_http.getsockname()[1]
        files, account = credentials.prepare(options.directory, port=port)
        here = world.World(account, log=options.log, fast=options.fast)
        kept = options.directory / "phones.json"
        if not options.fast:
            world.load_phones(here, kept)
        application = app.create(here)
        common: dict[str, Any] = {
            "address": HOST, "interface": Interfaces.ASGINL, "websockets": False,
            "log_enabled": False, "backlog": 1024,
        }  # fmt: skip
        secure = Server(
            application, port=port, ssl_cert=files.certificate, ssl_key=files.key,
            http2_settings=HTTP2Settings(max_concurrent_streams=STREAMS_PER_CONNECTION), **common,
        )  # fmt: skip
        plain = Server(application, port=http_port, **common)
        stopping = asyncio.Event()
        _stop_on_signals(stopping, with_parent=options.with_parent)
        running = [asyncio.create_task(server.serve()) for server in (secure, plain)]
        await asyncio.gather(*(_accepting(number) for number in (port, http_port)))
        ready = {
            "ready": True,
            "pid": os.getpid(),
            "endpoint": f"https://{HOST}:{port}",
            "page": f"http://{HOST}:{http_port}/",
            "ca_file": str(files.ca.resolve()),
            "credentials_file": str(files.account.resolve()),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), HOUSEKEEPING_SECONDS)
            here.journal.flush()
            # Writing very many phones would stall the one loop: those are kept at the end only.
            few = len(here.phones.by_token) <= KEPT_WHILE_RUNNING
            if not options.fast and (few or stopping.is_set()):
                world.save_phones(here, kept)
        for server in (secure, plain):
            server.stop()  # type: ignore[no-untyped-call]
        # A request that hangs by script would keep a listener open for ever.
        await asyncio.wait(running, timeout=0.3)
        here.journal.flush()


def _stop_on_signals(stopping: asyncio.Event, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    if with_parent:

        def parent_gone() -> None:
            if not os.read(0, 1024):
                loop.remove_reader(0)
                stopping.set()

        loop.add_reader(0, parent_gone)


async def _accepting(port: int) -> None:
    """Returns once something listens on the port."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


def run(options: Options) -> None:
    """Serve, then leave at once: Granian's threads may still hold scripted, hanging requests."""
    asyncio.run(serve(options))
    sys.stdout.flush()
    os._exit(0)
