"""Servers from the system's packages: whether they are here, and how to get them."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """A server cannot be had on this machine. The message is a sentence for a person."""


def missing(*packages: str) -> list[str]:
    """Those of the packages that are not installed."""
    return [package for package in packages if not _installed(package)]


def obtainable(*packages: str) -> bool:
    """Whether ensure() has a chance: all are installed, or apt-get and root are here."""
    return not missing(*packages) or (shutil.which("apt-get") is not None and os.geteuid() == 0)


def ensure(*packages: str) -> None:
    """Install what is missing, without recommends and without starting anything.

    Raises Missing, with the command that would help, where that is not possible.
    """
    wanted = missing(*packages)
    if not wanted:
        return
    names = " ".join(wanted)
    command = f"apt-get install --no-install-recommends {names}"
    if shutil.which("apt-get") is None:
        raise Missing(f"Not installed: {names}, and there is no apt-get. On Debian 12: {command}")
    if os.geteuid() != 0:
        raise Missing(f"Not installed: {names}. As root: {command}")
    with _one_at_a_time(), _services_stay_off():
        # A stale list is only an inconvenience: let the installation decide.
        _apt("update")
        failure = _apt("install", "--yes", "--no-install-recommends", *wanted)
    if failure or missing(*packages):
        raise Missing(f"Not installed: {names}; `{command}` failed:\n{failure}")


def _installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    answer = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode == 0 and answer.stdout == "installed"


def _apt(*arguments: str) -> str:
    """The end of apt's complaints; empty if it went well."""
    answer = subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments],
        env=dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if answer.returncode == 0 else (answer.stdout + answer.stderr)[-1500:]


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The suite has several processes, and each may want to install."""
    with open(Path(tempfile.gettempdir(), "hub-tests-install.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _services_stay_off() -> Iterator[None]:
    """Debian starts a service as it installs it, unless this script (policy-rc.d(8)) says no."""
    if POLICY.exists():  # the machine has a policy of its own: a container's usually says no
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
