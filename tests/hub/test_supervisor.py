"""The supervisor, on real processes: it ends all that it started, and nothing else."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hub.demo import processes, supervisor

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-c"]
SLEEP = [*PYTHON, "import time; print('up', flush=True); time.sleep(60)"]
ENV = dict(os.environ)


def started(said: list[str], logs: Path) -> supervisor.Supervisor:
    return supervisor.Supervisor(logs=logs, say=said.append)


def says_up(child: supervisor.Child) -> bool:
    return "up" in child.output()


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 30
    while any(processes.alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still alive: {pids}"
        time.sleep(0.02)


def test_children_are_stopped_in_reverse_order_and_strangers_left_alone(tmp_path: Path) -> None:
    said: list[str] = []
    stranger = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL)
    with started(said, tmp_path) as watched:
        children = [
            watched.start(name, SLEEP, env=ENV, directory=tmp_path) for name in ("first", "second")
        ]
        for child in children:
            watched.wait(child, says_up)
        assert all(processes.alive(child.process.pid) for child in children)
    assert said[2:] == ["stopping second", "stopping first"]
    assert not any(processes.alive(child.process.pid) for child in children)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_child_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with started([], tmp_path) as watched:
        other = watched.start("other", SLEEP, env=ENV, directory=tmp_path)
        watched.start(
            "web",
            [*PYTHON, "print('up', flush=True); input; raise SystemExit('no more ink')"],
            env=ENV,
            directory=tmp_path,
        )
        with pytest.raises(supervisor.ChildError, match=r"(?s)web ended by itself.*no more ink"):
            watched.watch()
    assert not processes.alive(other.process.pid)


def test_a_child_that_never_gets_ready_is_reported_and_stopped(tmp_path: Path) -> None:
    with started([], tmp_path) as watched:
        child = watched.start("slow", SLEEP, env=ENV, directory=tmp_path)
        with pytest.raises(supervisor.ChildError, match="slow was not ready after 0 s"):
            watched.wait(child, lambda _: False, seconds=0)
    assert not processes.alive(child.process.pid)


def test_a_command_that_fails_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(supervisor.ChildError, match=r"(?s)migrate ended with code 3.*no such table"),
        started([], tmp_path) as watched,
    ):
        watched.run(
            "migrate",
            [*PYTHON, "print('no such table'); raise SystemExit(3)"],
            env=ENV,
            directory=tmp_path,
        )


def test_a_leader_that_dies_takes_its_workers_with_it(tmp_path: Path) -> None:
    script = """
        import subprocess, sys, time
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print("up", worker.pid, flush=True)
        time.sleep(60)
    """
    with started([], tmp_path) as watched:
        child = watched.start(
            "leader",
            [*PYTHON, textwrap.dedent(script)],
            env=ENV,
            directory=tmp_path,
        )
        watched.wait(child, says_up)
        worker = int(child.output().split()[1])
        os.kill(child.process.pid, signal.SIGKILL)
        with pytest.raises(supervisor.ChildError):
            watched.watch()
    wait_until_gone(worker)


def test_a_child_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    process = processes.spawn([*PYTHON, f"{script}; time.sleep(60)"], log=tmp_path / "log", env=ENV)
    while "up" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    assert processes.finish(process, patience_seconds=0.2) == -signal.SIGKILL
    assert processes.finish(process) == -signal.SIGKILL


SUPERVISE = """
    import os, sys
    from pathlib import Path
    from hub.demo import supervisor
    sleep = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
    with supervisor.Supervisor(logs=Path({logs!r}), say=lambda line: None) as watched:
        children = [
            watched.start(name, sleep, env=dict(os.environ), directory=Path({logs!r}))
            for name in ("one", "two")
        ]
        for child in children:
            watched.wait(child, lambda child: "up" in child.output())
        print(*(child.process.pid for child in children), flush=True)
        watched.watch()
    print("clean", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_its_relatives_stop_every_child(tmp_path: Path, number: int) -> None:
    with _supervising(tmp_path) as (parent, pids):
        # To the whole process group, as a terminal does.
        os.killpg(parent.pid, number)
        assert parent.stdout is not None
        assert parent.stdout.readline() == "clean\n"
        assert parent.wait(timeout=30) == 0
    assert not any(processes.alive(pid) for pid in pids)


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with _supervising(tmp_path) as (parent, pids):
        parent.kill()
    wait_until_gone(*pids)


class _supervising:  # noqa: N801 - used like a function
    def __init__(self, logs: Path) -> None:
        self._script = textwrap.dedent(SUPERVISE.format(logs=str(logs)))

    def __enter__(self) -> tuple[subprocess.Popen[str], list[int]]:
        self._process = subprocess.Popen(
            [*PYTHON, self._script],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        pids = [int(word) for word in self._process.stdout.readline().split()]
        assert len(pids) == 2
        return self._process, pids

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.__exit__(None, None, None)
