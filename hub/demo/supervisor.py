"""Starts processes, watches them, and ends exactly those it started, the last one first."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from hub.demo import engines, processes

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BEAT_SECONDS = 0.05


class ChildError(Exception):
    """A process ended too early or was never ready; the message has its last words."""


class StopAsked(Exception):
    """Ctrl-C, SIGTERM or SIGHUP arrived."""


@dataclass(frozen=True)
class Child:
    """A process under watch, its log and how to end it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop: Callable[[], object]

    def output(self) -> str:
        """All that it has said since its start."""
        return self.log.read_text(encoding="utf-8", errors="replace")


class Supervisor:
    """Children run in sessions of their own, so that a Ctrl-C reaches the supervisor alone.

    Use it as a context, from the main thread: leaving the context stops every child, in reverse
    order of their start. `say` receives the lines of progress.
    """

    def __init__(self, *, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._children: list[Child] = []
        self._asked = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Supervisor":
        self._logs.mkdir(parents=True, exist_ok=True)
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            while self._children:
                child = self._children.pop()
                with contextlib.suppress(OSError):  # the terminal may be gone, the children not
                    self._say(f"stopping {child.name}")
                child.stop()
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() returned

    def adopt(self, start: Callable[[Path], engines.Engine], *, name: str) -> engines.Engine:
        """Start an engine by `start(log)` and watch it. Raises EngineError, StopAsked."""
        with self._step(name):
            engine = start(self._fresh_log(name))
            self._children.append(Child(name, engine.process, engine.log, engine.stop))
        return engine

    def start(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], directory: Path
    ) -> Child:
        """Start a process, and go on without waiting for it. Raises StopAsked."""
        self._heed()
        log = self._fresh_log(name)
        process = processes.spawn(command, log=log, env=env, directory=directory)
        child = Child(name, process, log, lambda: processes.finish(process))
        self._children.append(child)
        return child

    def wait(self, child: Child, ready: Callable[[Child], bool], *, seconds: float = 60) -> None:
        """Wait until `ready(child)`. Raises ChildError (if any child ends, too) and StopAsked."""
        with self._step(child.name):
            deadline = time.monotonic() + seconds
            while not ready(child):
                self._beat()
                if time.monotonic() > deadline:
                    raise ChildError(_last_words(child, f"was not ready after {seconds:.0f} s"))

    def run(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], directory: Path
    ) -> None:
        """Run a process to its end. Raises ChildError unless it exits with 0; and StopAsked."""
        with self._step(name):
            log = self._fresh_log(name)
            process = processes.spawn(command, log=log, env=env, directory=directory)
            try:
                while not processes.ended(process):
                    self._beat()
            finally:
                code = processes.finish(process)
            if code != 0:
                child = Child(name, process, log, lambda: None)
                raise ChildError(_last_words(child, f"ended with code {code}"))

    def watch(self) -> None:
        """Wait until told to stop. Raises ChildError as soon as a child ends by itself."""
        with contextlib.suppress(StopAsked):
            while True:
                self._beat()

    def _beat(self) -> None:
        self._heed()
        for child in self._children:
            if processes.ended(child.process):
                code = processes.finish(child.process)
                raise ChildError(_last_words(child, f"ended by itself with code {code}"))
        time.sleep(_BEAT_SECONDS)

    def _heed(self) -> None:
        if self._asked:
            raise StopAsked

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._heed()
        begun = time.monotonic()
        yield
        self._say(f"{name} ({time.monotonic() - begun:.1f} s)")

    def _fresh_log(self, name: str) -> Path:
        # One earlier log is kept, so that logs can't grow over many starts.
        log = self._logs / f"{name.replace(' ', '-')}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.old"))
        log.touch(mode=0o600)
        return log

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True  # noticed at the next beat: nothing is interrupted half-way


def _last_words(child: Child, what: str) -> str:
    words = processes.last_lines(child.log)
    return f"{child.name} {what}. The end of {child.log}:\n{words or '(it said nothing)'}"
