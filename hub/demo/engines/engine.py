"""What the two engines have in common: a handle, a lock on the directory, a short socket path."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.demo import processes

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the final NUL included.
SOCKET_PATH_BYTES = 103


class EngineError(Exception):
    """An engine can't be started. The message says which, why, and what to do about it."""


@dataclass(frozen=True)
class Engine:
    """A running engine that this process started. `url` is ready for DATABASE_URL or REDIS_URL."""

    name: str
    url: str
    log: Path
    process: subprocess.Popen[bytes]
    signals: Sequence[signal.Signals]
    scratch: Path | None  # a socket directory under the temporary directory, gone after stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """End the engine cleanly, its data on disk; harmless when it has ended already."""
        processes.finish(self.process, signals=self.signals)
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


@contextlib.contextmanager
def locked(directory: Path, *, name: str) -> Iterator[int]:
    """Hold the lock of an engine's directory; yields the descriptor, to be kept open by the engine.

    The engine and its children inherit the lock, so that it is held for exactly as long as any
    of them lives, whatever kills them, and no stale state is possible. An engine that is just
    ending gets a second to go, the orphans of a killed one five. Raises EngineError, naming the
    process that holds the lock.
    """
    path = directory / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise EngineError(
            f"{name}: {directory} belongs to another account: start it as that one, "
            f"remove the directory, or choose another."
        ) from error
    try:
        for attempt in range(100):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = path.read_text(encoding="ascii", errors="replace").strip()
                running = holder.isdigit() and processes.alive(int(holder))
                if attempt == 99 or (running and attempt >= 20):
                    raise EngineError(
                        f"{name} already runs in {directory}, as process {holder or 'unknown'}: "
                        f"stop that one first, or choose another directory."
                    ) from None
                time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)


def note_holder(descriptor: int, pid: int) -> None:
    """Write into the lock who holds it, for the message of the next one that wants it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(pid).encode(), 0)


def socket_directory(directory: Path, *, longest_name: str) -> tuple[Path, Path | None]:
    """A private (0700) place for a socket, short enough for the kernel; and the same if temporary.

    It is `directory`/socket, or, where that path is too long, a directory under the temporary
    directory, recorded in `directory`/socket.path so that a crash leaves at most one behind.
    """
    record = directory / "socket.path"
    if record.exists():
        _remove_scratch(Path(record.read_text(encoding="utf-8")))
        record.unlink()
    wanted = directory / "socket"
    if len(os.fsencode(wanted / longest_name)) <= SOCKET_PATH_BYTES:
        wanted.mkdir(mode=0o700, exist_ok=True)
        wanted.chmod(0o700)
        return wanted, None
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) + len("/hub-xxxxxxxx/") + len(longest_name) > SOCKET_PATH_BYTES:
        base = "/tmp"  # TMPDIR itself is too deep
    scratch = Path(tempfile.mkdtemp(prefix="hub-", dir=base))
    record.write_text(str(scratch), encoding="utf-8")
    return scratch, scratch


def wait_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], bool],
    *,
    name: str,
    log: Path,
    seconds: float = 60,
) -> None:
    """Return as soon as `ready()`; raises EngineError if the engine dies first or never is."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise EngineError(
                f"{name} ended with code {process.returncode} instead of starting. "
                f"The end of {log}:\n{processes.last_lines(log)}"
            )
        if time.monotonic() > deadline:
            processes.finish(process, signals=(signal.SIGINT, signal.SIGKILL))
            raise EngineError(
                f"{name} was not ready after {seconds:.0f} s. "
                f"The end of {log}:\n{processes.last_lines(log)}"
            )
        time.sleep(0.02)


def _remove_scratch(path: Path) -> None:
    # The record may be old and the name taken by somebody else: remove only what we own.
    with contextlib.suppress(OSError):
        if path.name.startswith("hub-") and not path.is_symlink():
            owner = path.stat().st_uid
            if os.geteuid() in {0, owner}:
                shutil.rmtree(path, ignore_errors=True)
