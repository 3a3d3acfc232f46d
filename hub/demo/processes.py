"""Child processes that never outlive their parent, and never catch its Ctrl-C."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not import anything.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    directory: Path | None = None,
    user: int | None = None,
    group: int | None = None,
    keep_open: Sequence[int] = (),
    farewell: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to the file `log`.

    On Linux the kernel sends it `farewell` when the thread that called this ends, however it
    ends: call it from the main thread. `user` and `group` (ids) need root. The descriptors
    `keep_open` stay open in the child. Raises OSError if the command can't be started.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=directory,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            pass_fds=tuple(keep_open),
            start_new_session=True,
            preexec_fn=_tie_to_parent(farewell),
        )


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended. It is not reaped, so its id still means it and no other."""
    if process.returncode is not None:
        return True
    try:
        return bool(os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    except ChildProcessError:
        return True


def finish(
    process: subprocess.Popen[bytes],
    *,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
    patience_seconds: float = 15,
) -> int:
    """End the process by the first of `signals` that works, then what is left of its session.

    Returns its exit code, waiting after each signal. Harmless on a process that was finished
    before: a reaped id is never signalled.
    """
    if process.returncode is not None:
        return process.returncode
    for number in signals:
        if ended(process):
            break
        os.kill(process.pid, number)
        deadline = time.monotonic() + patience_seconds
        while not ended(process) and time.monotonic() < deadline:
            time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # workers that their leader left behind
    return process.wait(timeout=patience_seconds)


def last_lines(log: Path, *, count: int = 15) -> str:
    """The last `count` lines of a log file; empty if there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 32_768))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def alive(pid: int) -> bool:
    """Whether a process of that id exists, whoever owns it (a zombie counts as ended)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return True  # no /proc on this system
    return not state.strip().startswith("Z")


def command_of(pid: int) -> str:
    """The command line of a running process; empty if it has ended or can't be read."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    except OSError:
        pass
    try:
        asked = ["ps", "-p", str(pid), "-o", "args="]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _tie_to_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    libc, parent = _LIBC, os.getpid()
    if libc is None:
        return None

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call above: no signal will come
            os._exit(1)

    return tie
