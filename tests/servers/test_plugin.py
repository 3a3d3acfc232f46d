"""A run that had to leave tests out says so; with CI=true it fails instead."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BARE_MACHINE = """
import os
from tests.servers import install
os.geteuid = lambda: 1000
install._installed = lambda package: package != "redis-server"
"""
TESTS = """
def test_alone():
    pass

def test_with_redis(redis7):
    pass

def test_with_samba(samba):
    pass
"""


def _run(folder: Path, *, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "bare_machine.py").write_text(BARE_MACHINE)
    (folder / "test_some.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = servers: x\n")
    plugins = ("bare_machine", "tests.servers.plugin", "no:cacheprovider", "no:django")
    arguments = [part for plugin in plugins for part in ("-p", plugin)]
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *arguments,
            "-Wignore",
            "-c",
            "pytest.ini",
            "test_some.py",
        ],
        cwd=folder,
        env=dict(os.environ) | {"PYTHONPATH": f"{folder}:{ROOT}", "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_cannot_run_is_left_out_and_named_with_the_remedy(tmp_path: Path) -> None:
    done = _run(tmp_path, ci="")
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 deselected" in done.stdout
    assert "apt-get install --no-install-recommends redis-server" in done.stdout
    assert "run the tests as root" in done.stdout
    for name in ("test_with_redis", "test_with_samba"):
        assert f"test_some.py::{name}" in done.stdout


def test_with_ci_nothing_is_left_out(tmp_path: Path) -> None:
    done = _run(tmp_path, ci="true")
    assert done.returncode == 1
    assert "1 passed, 2 errors" in done.stdout
    assert "Not installed: redis-server" in done.stdout
