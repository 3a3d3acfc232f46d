"""Pausing and cancelling in the middle of a broadcast: it stops, and nothing is lost or left."""

import secrets
from datetime import UTC, datetime

import pytest

from tests.faults.crowd import Crowd, done_in_a_hurry
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, request_to

pytestmark = pytest.mark.servers

OFF = (
    "INSERT INTO notifications_switch (name, off_at) VALUES ('pushes', now())"
    " ON CONFLICT (name) DO UPDATE SET off_at = now()"
)
PHONES = 10_000
A_MINUTE = 6_000  # so that a machine however busy finds the middle of a broadcast


@pytest.fixture(scope="module", name="world")
def a_patient_world(patient_world: World) -> World:
    """A hub of its own."""
    return patient_world


@pytest.fixture(scope="module")
def crowd(world: World) -> Crowd:
    """People with a phone each."""
    return Crowd(world, PHONES)


def test_all_pushes_off_in_the_middle_stops_them_and_loses_none(world: World, crowd: Crowd) -> None:
    before = crowd.accepted()
    broadcast = in_the_middle(world, crowd)
    world.change(OFF)  # as `manage.py pause_pushes` does, which takes a while to start
    stopped = at_rest(world)
    request = world.ask("alice")
    report("pushes off", world, since=stopped)
    assert 0 < pushed(crowd, before) < PHONES
    assert not world.pushes("alice", request)
    world.hub.manage("resume_pushes")
    done_in_a_hurry(world)
    each_got_it_once(crowd, before, broadcast)
    assert world.shows("alice", request) == 1


def test_a_sub_system_paused_in_the_middle_stops_alone(world: World, crowd: Crowd) -> None:
    before = crowd.accepted()
    broadcast = in_the_middle(world, crowd)
    world.change("UPDATE accounts_subsystem SET paused_at = now() WHERE key = 'payroll'")
    stopped = at_rest(world)
    report("one sub-system off", world, since=stopped)
    others = accepted(world.post(request_to("alice"), subsystem="rosters"))
    until("the other one's push arrives", lambda: world.shows("alice", others))
    assert 0 < pushed(crowd, before) < PHONES
    world.change("UPDATE accounts_subsystem SET paused_at = NULL")
    done_in_a_hurry(world)
    each_got_it_once(crowd, before, broadcast)


def test_a_broadcast_withdrawn_in_the_middle_stops_and_leaves_no_screen(
    world: World, crowd: Crowd
) -> None:
    broadcast = in_the_middle(world, crowd)
    withdrawn_at = datetime.now(UTC)
    answer = world.http.post(
        f"{world.hub.url}/api/v1/notifications/{broadcast}/withdraw",
        json={"reason": "Wrong building"},
        headers={
            "Authorization": f"Bearer {world.keys['payroll']}",
            "Idempotency-Key": secrets.token_hex(8),
        },
    )
    assert answer.status_code == 200, answer.text
    done_in_a_hurry(world)
    shown = world.query(
        "SELECT device_id FROM notifications_delivery"
        " WHERE notification_id = %s AND purpose = 'show' AND state = 'sent'",
        broadcast,
    )
    cleared = world.query(
        "SELECT device_id FROM notifications_delivery"
        " WHERE notification_id = %s AND purpose = 'clear' AND state = 'sent'",
        broadcast,
    )
    assert 0 < len(shown) < PHONES
    assert set(shown) <= set(cleared)
    last = last_shown(world, broadcast)
    print(f"withdrawn: the last card came {last - withdrawn_at.timestamp():.1f} s later")
    phones = {phone["token"]: phone for phone in world.emulator.phones()}
    assert not [
        token
        for token in crowd.tokens
        if any(entry["tag"] == broadcast for entry in phones[token]["tray"])
    ]


def in_the_middle(world: World, crowd: Crowd) -> str:
    """A broadcast of which some has been taken by the provider, and much has not; its id."""
    world.emulator.clear_log()
    broadcast = crowd.tell()
    until("some have it", lambda: world.emulator.counters()["accepted"] > 500)
    return broadcast


def at_rest(world: World) -> datetime:
    """Wait until no worker holds a push any more; since when nothing more is asked for."""
    asked_at = datetime.now(UTC)
    until(
        "what was under way has ended",
        lambda: (
            not world.query(
                "SELECT 1 FROM notifications_errand"
                " WHERE kind IN ('push', 'fan_out') AND lease_until > now()"
            )
        ),
    )
    return asked_at


def report(what: str, world: World, *, since: datetime) -> None:
    """Say how long the provider still got pushes of the broadcast."""
    last = max((entry["at"] for entry in world.emulator.messages(limit=10_000)), default=0.0)
    print(f"{what}: the last push came {max(0.0, last - since.timestamp()):.1f} s later")


def last_shown(world: World, broadcast: str) -> float:
    """When the provider took the last card of a notification."""
    shown, after = 0.0, 0
    while entries := world.emulator.messages(after, limit=10_000):
        after = entries[-1]["n"]
        for entry in entries:
            data = entry["message"]["data"] if entry["message"] else {}
            if data.get("id") == broadcast and data["type"] == "notification":
                shown = max(shown, entry["at"])
    return shown


def pushed(crowd: Crowd, before: dict[str, int]) -> int:
    """How many phones have had something since."""
    return sum(taken > before[token] for token, taken in crowd.accepted().items())


def each_got_it_once(crowd: Crowd, before: dict[str, int], broadcast: str) -> None:
    """Every phone was sent the one message, and it is on record."""
    after = crowd.accepted()
    assert {after[token] - before[token] for token in crowd.tokens} == {1}
    assert crowd.results(broadcast) == {("sent", ""): PHONES}
