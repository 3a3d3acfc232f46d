"""The hub as it is really served: a granian process, spoken to byte by byte."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from hub.demo import ports
from tests.architecture.test_imports import ROOT
from tests.servers.process import Running

TIMEOUT_SECONDS = 10


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[int]:
    """Serve the database of the tests on a port of loopback; yields the port."""
    url = urlsplit(os.environ["DATABASE_URL"])
    port = ports.free().web
    web = Running(
        url=f"http://{ports.HOST}:{port}",
        command=[
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ports.HOST,
            "--port", str(port), "--http", "1", "--http1-header-read-timeout", "1000",
            "--workers", "1", "--blocking-threads", "4", "--no-ws",
            "--working-dir", str(ROOT), "hub.wsgi:application",
        ],
        log=directory / "web.log",
        answers=lambda: ports.responds(port),
        environment={
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
            "REDIS_URL": settings.REDIS_URL,
            "LOG_LEVEL": "INFO",
        },
    )  # fmt: skip
    try:
        yield port
    finally:
        web.stop()


def talk(port: int, *pieces: bytes, timeout: float = TIMEOUT_SECONDS) -> bytes:
    """What comes back for these bytes until the server closes; empty if it just closes.

    A server that goes on waiting for more is closed upon, and what it said by then is returned.
    """
    said = b""
    with socket.create_connection((ports.HOST, port), timeout=timeout) as connected:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connected.sendall(piece)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := connected.recv(65536):
                said += piece
    return said
