"""The system's Chromium, driven by Playwright: where it is, and how it is started as root."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.servers import install

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing to install where a Chromium is here already, from wherever it came.
PACKAGES = () if any(map(shutil.which, NAMES)) else ("chromium",)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def started() -> Iterator[Browser]:
    """A browser that fetches nothing by itself; it ends with the block."""
    install.ensure(*PACKAGES)
    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(path), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
