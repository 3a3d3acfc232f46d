"""PostgreSQL killed and started again: 503, the retry gives one object, recovery without hands."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults import arrivals
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, killed, request_to

pytestmark = pytest.mark.servers


def test_postgres_down_is_a_503_and_the_retry_with_the_same_key_gives_one_object(
    world: World,
) -> None:
    body, key = request_to("alice", "bob"), secrets.token_hex(8)
    with killed(world.postgres):
        refused = world.post(body, key=key)
        assert refused.status_code == 503
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.json()["code"] == "unavailable"
    first, repeat = world.post(body, key=key), world.post(body, key=key)
    assert accepted(first) == accepted(repeat)
    assert "Idempotency-Replayed" not in first.headers
    assert repeat.headers["Idempotency-Replayed"] == "true"
    assert found(world, body) == [accepted(first)]
    arrivals.both_see(world, accepted(first))


def test_postgres_killed_in_the_middle_of_a_request_leaves_nothing_half_done(world: World) -> None:
    body, key = request_to("alice", "bob"), secrets.token_hex(8)
    with ThreadPoolExecutor(1) as caller, world.writes_held("accounts_idempotencyrecord"):
        posting = caller.submit(world.post, body, key=key)
        until("all but its last row is written", lambda: waiting_for_a_lock(world))
        with killed(world.postgres):
            refused = posting.result()
    assert refused.status_code == 503
    assert found(world, body) == []
    posted = accepted(world.post(body, key=key))
    assert found(world, body) == [posted]
    arrivals.both_see(world, posted)


def test_postgres_killed_between_requests_that_are_repeated_until_accepted(world: World) -> None:
    bodies = [request_to("alice", "bob") for _ in range(20)]
    with ThreadPoolExecutor(2) as callers:
        posting = [callers.submit(persist, world, body) for body in bodies]
        until("some are accepted", lambda: any(done.done() for done in posting))
        with killed(world.postgres):
            pass
        posted = [done.result() for done in posting]
    assert [found(world, body) for body in bodies] == [[each] for each in posted]
    arrivals.both_see(world, *posted)


def persist(world: World, body: dict[str, Any]) -> str:
    """Post with one key until it is accepted, whatever is answered meanwhile; the id."""
    key = secrets.token_hex(8)

    def accepted_now() -> str:
        answer = world.post(body, key=key)
        assert answer.status_code in {202, 409, 503}, answer.text
        return accepted(answer) if answer.status_code == 202 else ""

    return until("it is accepted", accepted_now)


def waiting_for_a_lock(world: World) -> bool:
    """Whether any transaction stands before a table that is held."""
    return bool(world.query("SELECT 1 FROM pg_locks WHERE NOT granted"))


def found(world: World, body: dict[str, Any]) -> list[str]:
    """The ids that the hub lists for the reference of a request."""
    listed = world.get(f"notifications?reference={body['reference']}").json()
    return [entry["id"] for entry in listed["entries"]]
