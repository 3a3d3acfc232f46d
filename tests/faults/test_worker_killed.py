"""`kill -9` of workers between claim and result: everything still arrives once the sweep runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults import arrivals
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, request_to

pytestmark = pytest.mark.servers


def test_a_worker_killed_while_it_calls_the_provider(world: World) -> None:
    request = killed_while_calling(world, lambda: world.hub.kill("worker"))
    world.hub.start("worker")
    arrivals.both_see(world, request)


def test_a_pool_child_killed_while_it_calls_the_provider(world: World) -> None:
    request = killed_while_calling(world, lambda: world.hub.kill_children("worker"))
    arrivals.both_see(world, request)
    assert world.hub.runs("worker")


def killed_while_calling(world: World, kill: Callable[[], None]) -> str:
    """Kill with a push at the provider, which never answers; the request."""
    world.emulator.script("*", [{"do": "hang", "always": True}])
    # Should the kill come late, after the call has timed out, it is not on record either.
    with world.writes_held("notifications_delivery"):
        request = world.ask("alice", "bob")
        until("the push is called", lambda: calling(world, request))
        kill()
        assert not recorded(world, request)
    assert not shown(world, request)
    world.emulator.clear_scripts()
    return request


def test_a_worker_killed_after_the_provider_took_it_and_before_it_was_written_down(
    world: World,
) -> None:
    with world.writes_held("notifications_delivery"):
        request = world.ask("alice", "bob")
        until(
            "both phones have it",
            lambda: all(world.shows(name, request) for name in arrivals.BOTH),
        )
        world.hub.kill("worker")
    assert arrivals.deliveries(world, request) == []
    world.hub.start("worker")
    arrivals.both_see(world, request)
    for name in arrivals.BOTH:
        assert len(world.pushes(name, request)) >= 2  # at least once, made invisible by the tag


def test_a_worker_killed_during_the_fan_out(world: World) -> None:
    world.hub.kill("worker")  # accepting names the same table, so that comes before it is held
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    request = accepted(world.post(request_to("alice", "bob") | {"send_at": soon}))
    with world.writes_held("notifications_recipient"):
        world.hub.start("worker")
        until("the fan-out is claimed", lambda: claimed(world, request, kind="fan_out"))
        world.hub.kill("worker")
    assert world.pushes("alice", request) == []
    world.hub.start("worker")
    arrivals.both_see(world, request)


def test_a_worker_killed_while_it_tells_the_sub_system(world: World) -> None:
    request = world.ask("alice", "bob")
    arrivals.both_see(world, request)
    world.answer_callbacks(delay_seconds=2, times=1)
    answer = {"verb": "approve", "version": 1}
    world.phone("bob").post(f"me/inbox/{request}/response", answer)
    (event,) = world.query(
        "SELECT id::text FROM notifications_callbackevent WHERE notification_id = %s", request
    )
    until(
        "the callback is called",
        lambda: world.hub.events("worker", "callback_calling", event_id=event[0]),
    )
    world.hub.kill("worker")
    assert attempts(world, event[0]) == 0
    world.hub.start("worker")
    until(
        "bob sees it confirmed",
        lambda: world.phone("bob").get(f"me/inbox/{request}")["decision"]["outcome"] == "confirmed",
    )
    until("the first call has ended, too", lambda: len(world.callbacks(request)) == 2)
    assert [told["webhook_id"] for told in world.callbacks(request)] == [event[0]] * 2
    assert attempts(world, event[0]) == 1
    until("the trays are cleared", lambda: not shown(world, request))


def calling(world: World, notification: str) -> list[dict[str, object]]:
    """The push calls that the present worker began for a notification."""
    called = world.hub.events("worker", "push_calling")
    return [call for call in called if notification in call["notifications"]]


def recorded(world: World, notification: str) -> bool:
    """Whether any of those calls has its result."""
    return any(
        world.hub.events("worker", "push_recorded", errands=call["errands"])
        for call in calling(world, notification)
    )


def claimed(world: World, notification: str, *, kind: str) -> bool:
    """Whether a worker holds an errand of a notification."""
    return bool(
        world.query(
            "SELECT 1 FROM notifications_errand"
            " WHERE notification_id = %s AND kind = %s AND lease_until IS NOT NULL",
            notification,
            kind,
        )
    )


def attempts(world: World, event: str) -> int:
    """How many tries to tell an event are on record."""
    ((count,),) = world.query(
        "SELECT count(*) FROM notifications_callbackattempt WHERE event_id = %s", event
    )
    return int(count)


def shown(world: World, notification: str) -> bool:
    """Whether any of the phones shows it."""
    return any(world.shows(name, notification) for name in arrivals.BOTH)
