"""A real browser at a running hub."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.browser.visitor import Visitor
from tests.stories.world import World, a_world

__all__ = ["a_world"]

AXE = "node_modules/axe-core/axe.min.js"


# Of the package, not of the session: Playwright's loop must be gone before Django's tests go on.
@pytest.fixture(scope="package", name="chromium")
def a_browser() -> Iterator[Browser]:
    with chromium.started() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, world: World) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; when the test is over they leave without complaints."""
    with ExitStack() as tidy:

        def make(**profile: Any) -> Visitor:
            visitor = Visitor(chromium, world.hub.url, **profile)
            tidy.callback(visitor.close)
            return visitor

        yield make
    world.mend()


@pytest.fixture(scope="package")
def axe(javascript: Path) -> str:
    """The source of axe-core, to be run inside a page."""
    return (javascript / AXE).read_text(encoding="utf-8")
