"""Start the emulator as a process of its own, and know when it is ready."""

import contextlib
import json
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hub.demo.fcm.client import Emulator

_ROOT = Path(__file__).resolve().parents[3]


class NotStarted(Exception):
    """The emulator ended, or said nothing in time; the message has what it printed."""


@dataclass(frozen=True)
class Running:
    """A started emulator. `endpoint` is what the hub's FCM_ENDPOINT becomes."""

    endpoint: str
    page: str
    ca_file: Path
    credentials_file: Path
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def client(self) -> Emulator:
        """A client of its control interface."""
        return Emulator(self.page)

    def stop(self) -> None:
        """End it, within five seconds; nothing happens if it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def start(
    directory: Path,
    *,
    port: int = 0,
    http_port: int = 0,
    log: Path | None = None,
    fast: bool = False,
    timeout_seconds: float = 20,
) -> Running:
    """Start the emulator and wait until it serves. Raises NotStarted.

    It ends with this process, however this one ends: its standard input is a pipe from here.
    """
    command = [
        sys.executable, "-m", "hub.demo.fcm", "--with-parent", "--dir", str(directory),
        "--port", str(port), "--http-port", str(http_port),
    ]  # fmt: skip
    if log is not None:
        command += ["--log", str(log)]
    if fast:
        command.append("--fast")
    process = subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    line = _first_line(process, timeout_seconds)
    try:
        ready = json.loads(line)
    except ValueError as error:
        process.kill()
        process.wait()
        raise NotStarted(
            f"The FCM emulator did not start: {line.strip() or 'no output'}"
        ) from error
    return Running(
        endpoint=ready["endpoint"],
        page=ready["page"],
        ca_file=Path(ready["ca_file"]),
        credentials_file=Path(ready["credentials_file"]),
        process=process,
    )


def _first_line(process: subprocess.Popen[str], timeout_seconds: float) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if selector.select(max(0.0, deadline - time.monotonic())):
            return process.stdout.readline()
    return ""
