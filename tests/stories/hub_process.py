"""The hub of a story: web, worker and beat as real processes that a test may kill."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hub.demo import ports, processes
from tests.servers import process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 240.0  # not a promise: a busy machine must not fail what is right
EVERY_SECONDS = 0.05
# Of the machine, and nothing else: the suite's own settings must not reach the hub.
FROM_OUTSIDE = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
PYTHON = (sys.executable, "-m")


def until[T](
    what: str,
    happened: Callable[[], T],
    *,
    seconds: float = PATIENCE_SECONDS,
    every_seconds: float = EVERY_SECONDS,
) -> T:
    """The first true result of `happened`; AssertionError, naming `what`, when patience ends."""
    deadline = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < deadline, f"within {seconds:.0f} s it did not come about: {what}"
        time.sleep(every_seconds)
    return result


def children_of(pid: int) -> list[int]:
    """The processes that the threads of a process have started and that still exist."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text("ascii").split()]


class Hub:
    """Web, worker and beat, each in a session of its own, with its log in `directory`.

    Every process ends with this one, however this one ends. `url` stays over restarts.
    """

    def __init__(self, *, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.environment = {
            **{name: os.environ[name] for name in FROM_OUTSIDE if name in os.environ},
            **environment,
        }
        self.port = process.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._commands: dict[str, list[str]] = {
            "web": [
                *PYTHON, "granian", "--interface", "wsgi", "--host", "127.0.0.1",
                "--port", str(self.port), "--workers", "1", "--blocking-threads", "4", "--no-ws",
                "hub.wsgi:application",
            ],
            "worker": [
                *PYTHON, "celery", "-A", "hub.celery", "worker", "--queues",
                "push,bulk,callback,maintenance,mail", "--concurrency", "2", "--without-gossip",
                "--without-mingle", "--loglevel", "INFO",
            ],
            "beat": [
                *PYTHON, "celery", "-A", "hub.celery", "beat", "--loglevel", "INFO",
                "--schedule", str(directory / "beat"), "--pidfile", "",
            ],
        }  # fmt: skip
        self._ready: dict[str, Callable[[str], bool]] = {
            "web": lambda _: ports.responds(self.port),
            "worker": lambda said: " ready." in said,
            "beat": lambda said: "beat: Starting" in said,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._begins: dict[str, int] = {}  # where in its log the present process begins

    def manage(self, *arguments: str) -> str:
        """Run a management command; what it printed. AssertionError unless it exits with 0."""
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run Python as the hub; its output. AssertionError unless it exits with 0."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *names: str) -> None:
        """Start those of the processes (all, by default) that do not run, and wait for them."""
        started = [name for name in names or self._commands if not self.runs(name)]
        for name in started:
            self.kill(name)  # what a leader that ended by itself left behind
            log = self.log(name)
            log.touch()
            self._begins[name] = log.stat().st_size
            self._running[name] = processes.spawn(
                self._commands[name], log=log, env=self.environment, directory=ROOT
            )
        until(f"{started} are ready", lambda: all(map(self._is_ready, started)))

    def runs(self, name: str) -> bool:
        """Whether the process runs now."""
        return name in self._running and not processes.ended(self._running[name])

    def kill(self, name: str) -> None:
        """SIGKILL a process with all its children at once, as an out-of-memory host would."""
        if name in self._running:
            processes.finish(self._running.pop(name), signals=[signal.SIGKILL])

    def kill_children(self, name: str) -> None:
        """SIGKILL the children of a process, and leave itself alone."""
        children = children_of(self._running[name].pid)
        assert children, f"{name} has no children"
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def stop(self) -> None:
        """End everything, in order where it listens, by force where it doesn't."""
        for name in reversed(list(self._running)):
            processes.finish(self._running.pop(name))

    def log(self, name: str) -> Path:
        """The log of a process, over all its restarts."""
        return self.directory / f"{name}.log"

    def output(self, name: str) -> str:
        """What the present process of that name has said."""
        with self.log(name).open("rb") as stream:
            stream.seek(self._begins.get(name, 0))
            return stream.read().decode("utf-8", errors="replace")

    def events(self, name: str, event: str, **facts: object) -> list[dict[str, Any]]:
        """The present process's log lines of an event with these facts, the oldest first."""
        found = []
        for line in self.output(name).splitlines(keepends=True):
            if f'"{event}"' in line and line.endswith("\n"):
                said = json.loads(line)
                if said["event"] == event and facts.items() <= said.items():
                    found.append(said)
        return found

    def _is_ready(self, name: str) -> bool:
        assert self.runs(name), f"{name} ended:\n{self.output(name)[-3000:]}"
        return self._ready[name](self.output(name))
