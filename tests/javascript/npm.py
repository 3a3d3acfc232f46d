"""Node and the packages of package-lock.json: where they are, and how to get them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import install

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / ".cache" / "javascript"  # beside the tests nothing is written
FILES = ("package.json", "package-lock.json", "server.mjs")
# Nothing to install where Node is here already, from wherever it came.
PACKAGES = () if shutil.which("node") and shutil.which("npm") else ("nodejs", "npm")


def prepare() -> Path:
    """The directory in which `node` finds the locked packages, checked by their hashes.

    Where the packages cannot be fetched the test is left out with that reason; with CI=true it
    fails.
    """
    install.ensure(*PACKAGES)
    MODULES.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, MODULES / name)
    made = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=MODULES, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if made.returncode:
        reason = f"npm ci cannot fetch the packages of tests/javascript: {made.stderr[-300:]}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return MODULES
