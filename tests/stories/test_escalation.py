"""Nobody answers: a reminder rings once, the manager decides, and a dead worker changes nothing."""

from collections.abc import Iterator

import pytest

from tests.servers import company
from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, request_to

pytestmark = pytest.mark.servers

APPROVE = {"verb": "approve", "version": 1}


@pytest.fixture(autouse=True)
def _always_at_work(world: World) -> Iterator[None]:
    """Whatever day the test runs on."""
    made = (
        "INSERT INTO notifications_calendar (geo, week_days) VALUES ('', '[0,1,2,3,4,5,6]')"
        " ON CONFLICT (geo) DO NOTHING RETURNING id"
    )
    world.query(made)
    yield
    world.mend()


def days_pass(world: World, request: str, *, days: int) -> None:
    """So much time goes by for one request: everything of it was sent that much earlier."""
    world.query(
        "UPDATE notifications_notification SET created_at = created_at - make_interval(days => %s)"
        " WHERE id = %s RETURNING id",
        days,
        request,
    )
    world.query(
        "UPDATE notifications_errand SET due_at = now()"
        " WHERE notification_id = %s AND kind = 'escalate' RETURNING id",
        request,
    )


def prompts(world: World, request: str) -> list[tuple[object, ...]]:
    """What was done, and how many people it reached."""
    return world.query(
        'SELECT "do", reached FROM notifications_prompt'
        " WHERE notification_id = %s AND done_at IS NOT NULL ORDER BY round",
        request,
    )


def ask(world: World, *names: str, **more: object) -> str:
    request = accepted(world.post(request_to(*names) | more))
    until("they have it", lambda: all(world.shows(name, request) for name in names))
    return request


def ends(world: World) -> None:
    """What nobody waits for any more need not be awaited either."""
    world.query(
        "UPDATE notifications_errand SET due_at = now() WHERE kind = 'escalate' RETURNING id"
    )
    invariants.hold(world)


def test_a_reminder_rings_once_for_who_has_not_answered(world: World) -> None:
    for name in ("alice", "bob"):
        world.phone(name)
    request = ask(
        world, "alice", "bob", policy={"mode": "all"},
        escalation=[{"after": "P1D", "do": "remind"}],
    )  # fmt: skip
    world.phone("bob").post(f"me/inbox/{request}/response", APPROVE)
    days_pass(world, request, days=1)
    until("alice is reminded", lambda: len(world.pushes("alice", request)) == 2)
    until("it is on the record", lambda: prompts(world, request) == [("remind", 1)])

    days_pass(world, request, days=1)
    world.phone("alice").post(f"me/inbox/{request}/response", APPROVE)
    until("the trays are cleared", lambda: not world.shows("alice", request))
    kinds = [push["type"] for push in world.pushes("alice", request)]
    assert kinds == ["notification", "notification", "clear"]
    assert [push["type"] for push in world.pushes("bob", request)] == ["notification", "clear"]
    report = world.get(f"notifications/{request}").json()
    assert [prompt["do"] for prompt in report["prompts"]] == ["remind"]
    ends(world)


def test_the_manager_s_phone_rings_and_the_manager_s_approval_decides(world: World) -> None:
    alice, dana = world.phone("alice"), world.phone("dana")
    request = ask(world, "alice", escalation=[{"after": "P3D", "do": "manager"}])
    assert not world.shows("dana", request)
    days_pass(world, request, days=3)
    until("dana has it", lambda: world.shows("dana", request))
    until("alice's tray is cleared", lambda: not world.shows("alice", request))

    item = alice.get(f"me/inbox/{request}")
    assert (item["waiting_for_you"], item["actions"]) == (False, [])
    item = dana.post(f"me/inbox/{request}/response", APPROVE)
    assert (item["state"], item["decision"]["by_you"]) == ("decided", True)
    until("payroll hears of it", lambda: world.callbacks(request))
    (told,) = world.callbacks(request)
    assert told["payload"]["data"]["actor"]["employee_id"] == company.PEOPLE["dana"][0]
    ends(world)


def test_a_worker_killed_while_a_seat_passes_on_loses_and_doubles_nothing(world: World) -> None:
    world.phone("alice"), world.phone("dana")
    request = ask(world, "alice", escalation=[{"after": "P3D", "do": "manager"}])
    with world.writes_held("notifications_recipient"):
        days_pass(world, request, days=3)
        until("the escalation is claimed", lambda: claimed(world, request))
        world.hub.kill("worker")
        assert prompts(world, request) == []
    assert not world.shows("dana", request)
    world.hub.start("worker")
    until("dana has it", lambda: world.shows("dana", request))
    until("it is on the record", lambda: prompts(world, request) == [("manager", 1)])

    assert len(world.pushes("dana", request)) == 1
    passed = "SELECT count(*) FROM accounts_auditevent WHERE action = 'seat_passed_on' AND subject_id = %s"
    assert world.query(passed, request) == [(1,)]
    assert world.query(
        "SELECT count(*), max(round) FROM notifications_seat WHERE notification_id = %s", request
    ) == [(1, 1)]
    world.phone("dana").post(f"me/inbox/{request}/response", APPROVE)
    ends(world)


def claimed(world: World, request: str) -> bool:
    """Whether a worker has the errand."""
    held = (
        "SELECT 1 FROM notifications_errand WHERE notification_id = %s AND kind = 'escalate'"
        " AND lease_token IS NOT NULL"
    )
    return bool(world.query(held, request))
