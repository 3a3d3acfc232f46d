"""The engines and settings the suite runs on; loaded before Django reads its settings.

Without DATABASE_URL and REDIS_URL the embedded engines start in a directory that goes with the run.
"""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from hub.demo import engines

KEYS = {
    "HUB_MODE": "test",
    "HUB_ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
    "HUB_MAC_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
    "HUB_DIRECTORY": "local",
    "LOG_LEVEL": "WARNING",
    "ACCESS_LOG_FLUSH_SECONDS": "0",  # no thread that writes into another test's database
    "SIGN_IN_REFUSED_AFTER_MS": "0",
}

_directory = Path(tempfile.mkdtemp(prefix="hub-tests-"))
_directory.chmod(0o755)
_running: list[engines.Engine] = []

for name, value in KEYS.items():
    os.environ.setdefault(name, value)
# Each process of pytest-xdist has engines and files of its own, or they would wait for each other: a
# writer in one database of a cluster holds back the feeds in all of them. Their head, which only
# hands out the tests, needs none.
_is_head = "PYTEST_XDIST_WORKER" not in os.environ and any(
    word.startswith(("-n", "--numprocesses")) for word in sys.argv[1:]
)
if not _is_head:
    os.environ.setdefault("LOCAL_DIRECTORY_FILE", str(_directory / "people.json"))
    if "DATABASE_URL" not in os.environ:
        _running.append(engines.start_postgres(_directory / "postgres", durable=False))
        os.environ["DATABASE_URL"] = _running[-1].url
    if "REDIS_URL" not in os.environ:
        _running.append(engines.start_valkey(_directory / "valkey"))
        os.environ["REDIS_URL"] = _running[-1].url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, and nothing else."""
    for engine in reversed(_running):
        engine.stop()
    shutil.rmtree(_directory, ignore_errors=True)
