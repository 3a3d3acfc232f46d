"""The hint stream as it is really served, and a phone that listens to it."""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from hub.demo import ports
from tests.architecture.test_imports import ROOT
from tests.servers.process import Running, free_port

PATIENCE_SECONDS = 120.0  # not a promise: a busy machine must not fail what is right
PATH = "/api/v1/me/stream"


@contextlib.contextmanager
def serving(directory: Path, *, redis_url: str | None = None) -> Iterator[int]:
    """Serve the streams over the database of the tests; yields the port."""
    url = urlsplit(os.environ["DATABASE_URL"])
    port = free_port()
    streams = Running(
        url=f"http://{ports.HOST}:{port}",
        command=[
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", ports.HOST,
            "--port", str(port), "--http", "1", "--no-ws", "--workers", "1",
            "--workers-kill-timeout", "2", "--working-dir", str(ROOT), "hub.streams.app:application",
        ],
        log=directory / "streams.log",
        answers=lambda: ports.responds(port),
        start_timeout_seconds=PATIENCE_SECONDS,
        environment={
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
            "REDIS_URL": redis_url or settings.REDIS_URL,
            "STREAM_BEAT_SECONDS": "1",
            "STREAM_RECHECK_SECONDS": "1",
        },
    )  # fmt: skip
    try:
        yield port
    finally:
        streams.stop()


def ask(port: int, token: str | None, *, method: str = "GET", path: str = PATH) -> socket.socket:
    """Send one request, and leave its answer to be read."""
    connected = socket.create_connection((ports.HOST, port), timeout=PATIENCE_SECONDS)
    said = f"Authorization: Bearer {token}\r\n" if token is not None else ""
    connected.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{said}\r\n".encode()
    )
    return connected


class Phone:
    """A phone with an open stream; `heard` are the events that came, beats included."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = ask(port, token)
        self.text = ""
        self.until("retry: 5000\n\n")

    def until(self, text: str) -> str:
        """Read until this was said; what was said. AssertionError if it ends without."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} was never said: {self.text!r}"
            piece = self.socket.recv(4096)
            assert piece, f"it ended without {text!r}: {self.text!r}"
            self.text += piece.decode()
        before, found, self.text = self.text.partition(text)
        return before + found

    def beats(self, count: int) -> str:
        """What was said until so many signs of life more."""
        return "".join(self.until(": beat\n\n") for _ in range(count))

    def end(self) -> dict[str, str]:
        """How it ended; the server has closed afterwards."""
        self.until("event: end\ndata: ")
        told: dict[str, str] = json.loads(self.until("\n\n"))
        while self.socket.recv(4096):
            pass
        return told
