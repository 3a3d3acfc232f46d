"""Starting servers on loopback without systemd, and ending exactly those."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# If the tests are killed, their servers must not stay behind. (A preexec_fn could deadlock in a
# process with threads.)
_END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


class DidNotStart(Exception):
    """A server ended or stayed silent. The message carries the end of its log."""


class Running:
    """One server process. `url` stays the same over kill() and start_again()."""

    def __init__(
        self,
        *,
        url: str,
        command: Sequence[str],
        log: Path,
        answers: Callable[[], bool],
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        start_timeout_seconds: float = 90,  # on a busy machine
    ) -> None:
        self.url = url
        self.log = log
        self._command = list(command)
        self._answers = answers
        self._user = user
        self._environment = dict(os.environ) | dict(environment or {})
        self._stop_signal = stop_signal
        self._start_timeout_seconds = start_timeout_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.start_again()

    @property
    def pid(self) -> int:
        """The process of the server; raises DidNotStart if there is none now."""
        if self._process is None:
            raise DidNotStart(f"{self._command[0]} is stopped.")
        return self._process.pid

    def start_again(self) -> None:
        """Start it on the same address and data, and wait until it answers."""
        assert self._process is None, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_END_WITH_PARENT, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                start_new_session=True,  # a Ctrl-C is for the tests, which then stop us in order
            )
        deadline = time.monotonic() + self._start_timeout_seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise DidNotStart(f"{self._command[0]} did not start:\n{self._end_of_log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order and wait; after 10 s by force. Harmless if it is stopped."""
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(timeout=10)
            self._process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would, children included (it leads its own session)."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections are taken by the kernel and never answered."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after freeze(); harmless otherwise."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)

    def _end_of_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(address: str, port: int) -> bool:
    """Whether a TCP connection is taken there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
