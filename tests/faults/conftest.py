"""The running hub that the faults are done to, and its mending after each."""

from collections.abc import Iterator

import pytest

from tests.servers import postgres, process, samba
from tests.stories.world import World, a_world, made

__all__ = ["a_world"]

CAST = ("alice", "bob")


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """Both phones are signed in before the fault, and the hub runs after it."""
    for name in CAST:
        world.phone(name)
    yield
    world.mend()


@pytest.fixture(scope="module")
def patient_world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    samba: samba.Samba,
    postgres15: postgres.Postgres,
    redis7: process.Running,
) -> Iterator[World]:
    """A hub of its own for a module: it may reach many people, and its calls may take long.

    It pushes as many a minute as the module's A_MINUTE says.
    """
    with made(
        tmp_path_factory.mktemp("hub"),
        servers=(samba, postgres15, redis7),
        FCM_MESSAGES_A_MINUTE=str(getattr(request.module, "A_MINUTE", 30_000)),
        FCM_TOTAL_TIMEOUT_SECONDS="14",
        ERRAND_LEASE_SECONDS="25",
        BLAST_RADIUS_RECIPIENTS="100000",
    ) as world:
        yield world
