"""Redis is only a bell: dead, frozen or emptied, all is accepted, and the sweep catches up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.faults import arrivals
from tests.stories.hub_process import until
from tests.stories.world import World, frozen, killed

pytestmark = pytest.mark.servers


def test_redis_killed_while_requests_are_posted(world: World) -> None:
    before = world.ask("alice", "bob")
    with killed(world.redis):
        during = asked_until_a_ring_is_lost(world)
    after = world.ask("alice", "bob")
    arrivals.both_see(world, before, *during, after)


def test_everything_arrives_although_redis_stays_dead(world: World) -> None:
    with killed(world.redis):
        posted = [world.ask("alice", "bob") for _ in range(2)]
        until(
            "the worker looks for itself",
            lambda: all(world.shows(name, each) for name in arrivals.BOTH for each in posted),
        )
    arrivals.both_see(world, *posted)


def test_redis_frozen_while_requests_are_posted(world: World) -> None:
    with frozen(world.redis):
        during = asked_until_a_ring_is_lost(world)
    arrivals.both_see(world, *during)


def test_redis_emptied_all_the_time_under_web_worker_and_beat(world: World) -> None:
    with emptied_all_the_time(world):
        posted = [world.ask("alice", "bob") for _ in range(10)]
    arrivals.both_see(world, *posted)


def test_redis_emptied_before_any_worker_heard_the_bell(world: World) -> None:
    world.hub.kill("worker")
    posted = [world.ask("alice", "bob") for _ in range(3)]
    world.hub.kill("web")  # or it might ring once more
    with Redis.from_url(world.redis_url) as client:
        client.flushall()
    world.hub.start("worker", "web")
    arrivals.both_see(world, *posted)


def asked_until_a_ring_is_lost(world: World) -> list[str]:
    """Requests, all accepted, before and after the web process noticed that nobody hears it."""
    posted: list[str] = []
    already = len(world.hub.events("web", "bell_silent"))

    def lost_one() -> bool:  # not the first one, where the breaker is still open from before
        posted.append(world.ask("alice", "bob"))
        return len(world.hub.events("web", "bell_silent")) > already

    until("the bell falls silent", lost_one, every_seconds=0.5)
    return [*posted, world.ask("alice", "bob")]


@contextmanager
def emptied_all_the_time(world: World) -> Iterator[None]:
    """FLUSHALL every few milliseconds meanwhile."""
    over = threading.Event()

    def empty() -> None:
        with Redis.from_url(world.redis_url) as client:
            while not over.wait(0.002):
                client.flushall()

    emptying = threading.Thread(target=empty)
    emptying.start()
    try:
        yield
    finally:
        over.set()
        emptying.join()
