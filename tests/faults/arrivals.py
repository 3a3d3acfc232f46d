"""What "everything arrives" means, for a request to alice and bob."""

from typing import Any

from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World

BOTH = ("alice", "bob")


def both_see(world: World, *notifications: str) -> None:
    """Wait until both phones show each exactly once, it is on record, and nothing is left to do."""
    until(
        "both phones show everything",
        lambda: all(world.shows(name, each) for name in BOTH for each in notifications),
    )
    invariants.hold(world)
    for each in notifications:
        assert [world.shows(name, each) for name in BOTH] == [1, 1]
        for name in BOTH:  # a repeat says the same under the same tag, so it replaces itself
            first, *repeats = world.pushes(name, each)
            assert all(repeat == first for repeat in repeats)
        assert deliveries(world, each) == [("show", "sent"), ("show", "sent")]


def deliveries(world: World, notification: str) -> list[tuple[Any, ...]]:
    """Purpose and state of every push on record."""
    return world.query(
        "SELECT purpose, state FROM notifications_delivery WHERE notification_id = %s", notification
    )
