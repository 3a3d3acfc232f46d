"""The running hub that the faults are done to, and its mending after each."""

from collections.abc import Iterator

import pytest

from tests.stories.world import World, a_world

__all__ = ["a_world"]

CAST = ("alice", "bob")


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """Both phones are signed in before the fault, and the hub runs after it."""
    for name in CAST:
        world.phone(name)
    yield
    world.mend()
