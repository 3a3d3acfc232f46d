"""Firebase in trouble, on thousands of phones: the good ones stay registered, the dead ones go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from hub.demo import app
from tests.faults.crowd import DEPARTMENT, Crowd, done_in_a_hurry
from tests.stories.hub_process import until
from tests.stories.world import World

pytestmark = pytest.mark.servers

PHONES = 3_000
MISMATCHES = 5  # of other projects, as few as real life has: below one in a hundred

# What the provider does to a phone, by the phone's number modulo 100.
HARM: dict[range, dict[str, Any]] = {
    range(30, 31): {"do": "reset"},
    range(31, 36): {"do": "UNAVAILABLE", "delivered": True},
    range(36, 41): {"do": "HTML_502"},
    range(41, 46): {"do": "QUOTA_EXCEEDED", "retry_after": "1"},
    range(46, 51): {"do": "QUOTA_EXCEEDED"},
    range(51, 54): {"do": "QUOTA_EXCEEDED", "retry_after": "as soon as you like"},
    range(54, 56): {"do": "QUOTA_EXCEEDED", "retry_after": "-5"},
    range(56, 57): {"do": "QUOTA_EXCEEDED", "retry_after": "9" * 30},
    range(57, 58): {"do": "INTERNAL"},
    range(58, 59): {"do": "hang"},
    range(59, 60): {"do": "drip", "ms": 300},
    range(60, 61): {"do": "INVALID_ARGUMENT", "always": True},
}
DEAD = range(30)


@pytest.fixture(scope="module", name="world")
def a_patient_world(patient_world: World) -> World:
    """A hub of its own."""
    return patient_world


@pytest.fixture(scope="module")
def crowd(world: World) -> Crowd:
    """People with a phone each."""
    return Crowd(world, PHONES)


def test_another_projects_phones_are_not_forgotten_for_our_wrong_project(
    world: World, crowd: Crowd
) -> None:
    before = reachable(world)
    world.emulator.script("*", [{"do": "SENDER_ID_MISMATCH", "always": True}])
    broadcast = crowd.tell()
    lane_stopped(world, "sender_id_mismatch")
    all_waits(world)
    assert crowd.results(broadcast) == {("queued", "sender_id_mismatch"): len(before)}
    assert reachable(world) == before
    world.emulator.clear_scripts()
    done_in_a_hurry(world)
    assert crowd.results(broadcast) == {("sent", ""): len(before)}


def test_credentials_that_are_refused_cost_no_phone_its_registration(
    world: World, crowd: Crowd
) -> None:
    before = reachable(world)
    world.hub.kill("worker")  # its access token is good for an hour
    world.emulator.script("oauth", [{"do": "UNAUTHENTICATED", "always": True}])
    world.hub.start("worker")
    broadcast = crowd.tell()
    lane_stopped(world, "credentials_rejected")
    all_waits(world)
    assert crowd.results(broadcast) == {("queued", "credentials_rejected"): len(before)}
    assert reachable(world) == before
    world.emulator.clear_scripts()
    done_in_a_hurry(world)
    assert crowd.results(broadcast) == {("sent", ""): len(before)}


def test_everything_at_once_leaves_the_good_phones_registered_and_every_push_on_record(
    world: World, crowd: Crowd
) -> None:
    for number, token in enumerate(crowd.tokens):
        if number % 100 in DEAD:
            world.emulator.unregister(token)
        for places, behaviour in HARM.items():
            if number % 100 in places:
                world.emulator.script(token, [behaviour])
    foreign = crowd.tokens[99::100][:MISMATCHES]
    for token in foreign:
        world.emulator.script(token, [{"do": "SENDER_ID_MISMATCH", "always": True}])
    before = crowd.accepted()

    broadcast = crowd.tell()
    all_waits(world)
    the_storms_end_is_waited_for(world)
    print("after the first try:", crowd.results(broadcast))
    done_in_a_hurry(world)
    print("in the end:", crowd.results(broadcast))

    dead = {n for n in range(PHONES) if n % 100 in DEAD}
    malformed = {n for n in range(PHONES) if n % 100 in range(60, 61)}
    assert reachable(world) == {f"C{n:05}" for n in set(range(PHONES)) - dead}
    assert crowd.results(broadcast) == {
        ("sent", ""): PHONES - len(dead) - len(malformed) - len(foreign),
        ("failed", "unregistered"): len(dead),
        ("failed", "invalid_argument"): len(malformed),
        ("failed", "sender_id_mismatch"): len(foreign),
    }
    came = {token: taken - before.get(token, 0) for token, taken in crowd.accepted().items()}
    silent = {crowd.tokens[n] for n in malformed} | set(foreign)
    assert {token for token, taken in came.items() if not taken} == silent
    twice = crowd.tokens[31]  # a 503 although it was delivered: the repeat replaced itself
    assert came[twice] >= 2
    assert [entry["tag"] for entry in world.emulator.tray(twice)].count(broadcast) == 1


def test_a_phone_that_registers_anew_while_its_old_address_is_found_dead_gets_the_push(
    world: World,
) -> None:
    alice = world.phone("alice")
    old = alice.push_token
    # Found dead only after a while, in which the app starts with a fresh token and proves it.
    world.emulator.script(old, [{"do": "slow", "ms": 10_000}])
    request = world.ask("alice")
    until("it is called", lambda: asked(world, request))
    world.emulator.unregister(old)
    alice.push_token = world.emulator.register_phone("alice", "android")
    world.secrets.add(alice.push_token)
    app.call(
        "PUT",
        f"{world.hub.url}/api/v1/me/device/push-token",
        token=alice.access_token,
        body={"push_token": alice.push_token},
    )
    until("the new address is proved", lambda: proved(world, alice))

    until(
        "the old address is found dead",
        lambda: any(entry["error"] for entry in world.emulator.messages(token=old)),
    )
    done_in_a_hurry(world)
    assert world.shows("alice", request) == 1
    assert {"registered"} == {device["push"] for device in alice.get("me/devices")["entries"]}


def proved(world: World, phone: app.App) -> bool:
    """Send the code back that came to the phone's present address; False while none has come."""
    sent = world.emulator.phone(phone.push_token)["recent"]
    codes = [data["id"] for data in sent if data.get("type") == "activate"]
    for code in codes:
        world.secrets.add(code)
        phone.post("me/device/push-echo", {"id": code})
    return bool(codes)


def reachable(world: World) -> set[str]:
    """The employee ids of the crowd whose phones have a push address."""
    rows = world.query(
        "SELECT employee_id FROM accounts_employee WHERE department = %s AND id IN"
        " (SELECT employee_id FROM accounts_device WHERE push_address IS NOT NULL)",
        DEPARTMENT,
    )
    return {row[0] for row in rows}


def lane_stopped(world: World, reason: str) -> None:
    """Wait for the alarm that nothing can be sent."""
    until(
        "the lane stops",
        lambda: world.hub.events("worker", "push_lane_stopped", reasons=[reason]),
    )


def all_waits(world: World) -> None:
    """Wait until each errand was tried and is to be tried again later, or is gone."""
    until(
        "each errand was tried",
        lambda: (
            not world.query(
                "SELECT 1 FROM notifications_errand WHERE kind = 'fan_out' OR last_error IN ('', 'rate')"
                " OR lease_until IS NOT NULL"
            )
        ),
    )


def the_storms_end_is_waited_for(world: World) -> None:
    """A 429 that names no time of its own costs a minute; a nonsensical one an hour at most."""
    longest = timedelta(0)
    for errand, due_at in world.query(
        "SELECT id, due_at FROM notifications_errand WHERE kind = 'push'"
    ):
        for recorded in world.hub.events("worker", "push_recorded"):
            if errand in recorded["errands"]:
                told = datetime.fromisoformat(recorded["timestamp"]).astimezone(UTC)
                longest = max(longest, due_at - told)
    assert timedelta(seconds=50) < longest < timedelta(hours=1.1)
    with Redis.from_url(world.redis_url, decode_responses=True) as client:
        assert any(client.hexists(key, "ramp_from") for key in client.scan_iter("hub:push-rate:*"))


def asked(world: World, notification: str) -> bool:
    """Whether a worker has begun to call the provider for a notification."""
    called = world.hub.events("worker", "push_calling")
    return any(notification in call["notifications"] for call in called)
