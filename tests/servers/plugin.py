"""Fixtures for the servers that come from the system's packages, and honesty about them.

Load it with `pytest_plugins = ["tests.servers.plugin"]`. A test that uses one of the fixtures
carries the mark `servers`. Where a server can be had (it is installed, or apt-get and root are
here) the test runs and fails if the server does not come up. Elsewhere it is left out and
named at the end of the run, with the way to run it; with CI=true it fails instead.

Under `pytest -n 2 --dist loadgroup` a file stays with one process, and all tests that need Samba
with one, too: its ports are fixed, so there is one domain controller at a time.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.javascript import npm
from tests.servers import install, postgres, process, redis, samba

PACKAGES = {
    "chromium": chromium.PACKAGES,
    "javascript": npm.PACKAGES,
    "samba": samba.PACKAGES,
    "postgres15": postgres.PACKAGES,
    "redis7": redis.PACKAGES,
}
_NEEDS_ROOT = {"samba"}
_LEFT_OUT = pytest.StashKey[dict[str, list[str]]]()


@pytest.fixture(scope="session", name="samba")
def a_domain_controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[samba.Samba]:
    """One domain controller for the session; a test puts back what it changes."""
    running = samba.start(tmp_path_factory.mktemp("samba"))
    yield running
    running.remove()


@pytest.fixture(scope="session")
def postgres15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Postgres]:
    """One cluster for the session, with the empty database `hub`."""
    running = postgres.start(tmp_path_factory.mktemp("postgres"))
    yield running
    running.remove()


@pytest.fixture(scope="session")
def redis7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Running]:
    """One Redis for the session."""
    running = redis.start(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def javascript() -> Path:
    """Where `node` finds the packages of tests/javascript."""
    return npm.prepare()


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out: dict[str, list[str]] = defaultdict(list)
    deselected = []
    for item in list(items):
        servers = sorted(PACKAGES.keys() & set(getattr(item, "fixturenames", ())))
        if servers and item.get_closest_marker("servers") is None:
            item.add_marker("servers")
        reason = _why_not(servers or sorted(PACKAGES)) if _is_marked(item) else ""
        if reason and os.environ.get("CI") != "true":
            items.remove(item)
            deselected.append(item)
            left_out[reason].append(item.nodeid)
        together = "samba" if "samba" in servers else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(together))
    config.stash[_LEFT_OUT] = left_out
    if (told := getattr(config, "workeroutput", None)) is not None:  # of pytest-xdist
        told["left_out"] = dict(left_out)
    if deselected:
        config.hook.pytest_deselected(items=deselected)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """A process of pytest-xdist has ended: each of them has collected, and left out, the same."""
    told = getattr(node, "workeroutput", {}).get("left_out", {})
    getattr(node, "config").stash[_LEFT_OUT] = told  # noqa: B009


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = terminalreporter.config.stash.get(_LEFT_OUT, {})
    for reason, tests in left_out.items():
        terminalreporter.section(f"left out: {len(tests)} tests that need servers")
        terminalreporter.line(reason)
        for test in tests:
            terminalreporter.line(f"  {test}")


def _is_marked(item: pytest.Item) -> bool:
    return item.get_closest_marker("servers") is not None


def _why_not(servers: list[str]) -> str:
    """Why a test with these servers can't run here, and the remedy; empty if it can."""
    packages = [package for server in servers for package in PACKAGES[server]]
    if not install.obtainable(*packages):
        names = " ".join(install.missing(*packages))
        return (
            f"Not installed: {names}. On Debian 12, as root, then run the tests again:"
            f" apt-get install --no-install-recommends {names}"
        )
    if _NEEDS_ROOT & set(servers) and os.geteuid() != 0:
        return "Samba's LDAP ports (389, 636) need root: run the tests as root to include these."
    return ""
