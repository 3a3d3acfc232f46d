"""`kill -9` of workers ten times and more in the middle of one broadcast, each during its call."""

import json
from dataclasses import dataclass

import pytest

from tests.faults.crowd import Crowd
from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World

pytestmark = pytest.mark.servers

PHONES = 10_000
KILLS = 10
PROCESSES = 2  # of the worker; each of them is killed, and may be in a call


@pytest.fixture(scope="module", name="world")
def a_patient_world(patient_world: World) -> World:
    """It may push 30,000 a minute: what there is and what the kills repeat take a minute."""
    return patient_world


@dataclass
class Call:
    """One call of the provider, as the worker's log tells it: a chunk."""

    errands: list[int]
    of: int
    recorded: bool = False


def test_ten_kills_between_claim_and_record_lose_no_push_and_repeat_a_chunk_each(
    world: World,
) -> None:
    crowd = Crowd(world, PHONES)
    world.emulator.settings(latency_ms=300)
    broadcast = crowd.tell()
    dead: set[int] = set()
    kills = 0
    while len(dead) < KILLS:
        until("a push is called", lambda: open_calls(world) - dead)
        if len(dead) % 2:  # some die when the provider took nothing yet, some when it took many
            let_some_through(world, beyond=world.emulator.counters()["accepted"] + 500)
        called = open_calls(world) - dead
        kill(world, whole=len(dead) % 5 == 4)
        kills += PROCESSES
        dead.update(called & open_calls(world))
        world.hub.start("worker")
    invariants.hold(world)

    every_call = calls(world)
    dead |= open_calls(world)  # with those that began in the moment of a kill
    taken = crowd.accepted()
    repeats = sum(taken.values()) - PHONES
    print(f"{len(every_call)} calls, {len(dead)} of them killed; {repeats} pushes were repeated")
    assert KILLS <= len(dead) <= kills
    assert open_calls(world) == dead  # none of them was recorded after all
    assert len(taken) == PHONES
    assert min(taken.values()) >= 1
    assert crowd.results(broadcast) == {("sent", ""): PHONES}
    assert 0 < repeats <= sum(every_call[number].of for number in dead)


def let_some_through(world: World, *, beyond: int) -> None:
    """Wait until the provider took so many messages, unless all the calls have ended before."""
    until(
        "the provider takes some",
        lambda: world.emulator.counters()["accepted"] > beyond or not open_calls(world),
    )


def kill(world: World, *, whole: bool) -> None:
    """SIGKILL every process that may be calling: the worker's children, or all of the worker."""
    if whole:
        world.hub.kill("worker")
    else:
        world.hub.kill_children("worker")


def open_calls(world: World) -> set[int]:
    """The calls that have no record, yet or for ever, by their place among all."""
    return {number for number, call in enumerate(calls(world)) if not call.recorded}


def calls(world: World) -> list[Call]:
    """All calls of the provider by all workers there were, in their order."""
    found: list[Call] = []
    for line in world.hub.log("worker").read_text(encoding="utf-8").splitlines():
        if '"push_calling"' in line:
            said = json.loads(line)
            found.append(Call(said["errands"], said["of"]))
        elif '"push_recorded"' in line:
            errands = json.loads(line)["errands"]
            call = next(call for call in reversed(found) if call.errands == errands)
            call.recorded = True
    return found
