"""The two commands of the README, as somebody types them on a machine with nothing installed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.demo import home, processes
from tests.stories.hub_process import FROM_OUTSIDE, ROOT, children_of, until

COMMAND = [sys.executable, "-m", "hub.demo"]
# What the check says at each step of the main job, in this order.
STEPS = (
    "signed in on new pretend phones",
    "the sub-system asked 2 approvers",
    "people of Finance",
    "shows the request",
    "alice's phone shows the notice",
    "bob reads it",
    "the decision is recorded",
    "dana's tray is cleared",
    "the sub-system heard of it",
    "bob sees that it is confirmed",
    "the standardwebhooks library accepts its signature",
    "alice sees her modules",
    "the module exchanges the code",
    "the same code again opens nothing",
    "alice applies for leave",
    "payroll hears of it, signed",
    "alice sees that it is confirmed",
    "payroll's news about it",
    "The main job works.",
)


@pytest.fixture
def where() -> Iterator[home.Home]:
    """A directory for the demo; pytest's own would be closed to the account of PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as directory:
        Path(directory).chmod(0o711)
        made = home.Home(Path(directory) / "data")
        yield made
        home.clear(made)


@pytest.fixture
def environment(where: home.Home) -> dict[str, str]:
    """Of the machine, and nothing of the suite's."""
    outside = {name: os.environ[name] for name in FROM_OUTSIDE if name in os.environ}
    return {**outside, "HUB_DATA_DIR": str(where.path)}


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`make demo-check`."""
    return subprocess.run(
        [*COMMAND, "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def assert_each_step_is_printed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    found = [done.stdout.find(step) for step in STEPS]
    assert -1 not in found, done.stdout
    assert found == sorted(found), done.stdout
    assert "FAILED" not in done.stdout


def test_the_check_starts_a_hub_of_its_own_and_goes_through_every_step(
    environment: dict[str, str], where: home.Home
) -> None:
    done = check(environment)
    assert "No hub is running; starting one for the check." in done.stdout
    assert_each_step_is_printed(done)
    assert not where.path.exists()


def test_the_check_drives_the_hub_that_runs_and_ctrl_c_stops_all_of_it(
    environment: dict[str, str], where: home.Home, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    running = processes.spawn(
        [*COMMAND, "run", "--free-ports"], log=said, env=environment, directory=ROOT
    )
    try:
        until(
            "the hub is up",
            lambda: processes.ended(running) or home.read_running(where),
            seconds=100,
        )
        addresses = home.read_running(where)
        assert addresses is not None, said.read_text()
        started = descendants(running.pid)
        done = check(environment)
        assert f"The hub at {addresses['web']} is running" in done.stdout
        assert_each_step_is_printed(done)
        assert len(started) >= 7, started  # two engines, emulator, receiver, web, worker, beat
        os.killpg(running.pid, signal.SIGINT)  # to the whole group, as a terminal does
        until("it has stopped", lambda: processes.ended(running))
        assert processes.finish(running) == 0, said.read_text()
        assert not [pid for pid in started if processes.alive(pid)]
        assert home.read_running(where) is None
        assert where.postgres.exists()  # data survive
    finally:
        processes.finish(running)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    return [each for child in children_of(pid) for each in (child, *descendants(child))]
