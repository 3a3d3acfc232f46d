"""An approval travels the whole road, on the servers and processes of a production."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hub.demo import app
from tests.servers import company
from tests.stories import invariants
from tests.stories.hub_process import until
from tests.stories.world import World, accepted, request_to

pytestmark = pytest.mark.servers

NOTICE = {
    "category": "news",
    "kind": "notice",
    "title": "The year closes on Friday",
    "summary": "Hand in what is still missing",
    "audience": {"any": [{"department": "Finance"}]},
}


def refusal(act: Callable[[], object]) -> dict[str, Any]:
    """The problem that a call by a phone is refused with."""
    with pytest.raises(app.Refused) as refused:
        act()
    return refused.value.problem


def test_an_approval_travels_the_whole_road(world: World) -> None:
    alice, bob, charlie = (world.phone(name) for name in ("alice", "bob", "charlie"))
    world.phone("dana")

    # Payroll asks two people and tells a department.
    body = request_to("alice", "bob")
    first = world.post(body, key="the-request")
    request_id = accepted(first)
    assert first.json()["audience"] == {"count": 2, "unknown": []}
    notice_id = accepted(world.post(NOTICE))

    # The same POST once more is the same notification.
    again = world.post(body, key="the-request")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()

    # The phones show it, without a word of its content.
    until(
        "alice and bob see the request",
        lambda: all(world.shows(name, request_id) for name in ("alice", "bob")),
    )
    until(
        "Finance sees the notice",
        lambda: all(world.shows(name, notice_id) for name in ("alice", "bob", "dana")),
    )
    for name in ("alice", "bob", "dana", "charlie"):
        assert body["title"] not in str(world.emulator.messages(token=world.phone(name).push_token))
    assert set(world.emulator.counters()["http_versions"]) == {"2"}

    # Charlie is a stranger to both.
    assert not world.pushes("charlie", request_id) + world.pushes("charlie", notice_id)
    assert charlie.get("me/inbox")["entries"] == []
    answer = {"verb": "approve", "version": 1}
    for act in (
        lambda: charlie.get(f"me/inbox/{request_id}"),
        lambda: charlie.post(f"me/inbox/{request_id}/response", answer),
    ):
        assert refusal(act)["status"] == 404

    # Bob approves, and alice's phone is cleared.
    item = bob.get(f"me/inbox/{request_id}")
    assert (item["title"], item["waiting_for_you"]) == (body["title"], True)
    comment = "Agreed, as we said in Bengaluru."
    world.secrets.add(comment)
    answer = {"verb": "approve", "version": item["version"], "comment": comment}
    item = bob.post(f"me/inbox/{request_id}/response", answer, key="bobs-answer")
    assert (item["state"], item["decision"]["effect"]) == ("decided", "approve")
    until("alice's tray is cleared", lambda: not world.shows("alice", request_id))
    assert world.shows("alice", notice_id) == 1

    # Payroll hears it once, and confirms; bob and alice see that.
    until("payroll hears of it", lambda: world.callbacks(request_id))
    until(
        "bob and alice see it confirmed",
        lambda: all(
            phone.get(f"me/inbox/{request_id}")["decision"]["outcome"] == "confirmed"
            for phone in (bob, alice)
        ),
    )
    (told,) = world.callbacks(request_id)
    assert (told["verified"], told["repeat"]) == (True, False)
    data = told["payload"]["data"]
    assert (data["reference"], data["effect"], data["comment"]) == (
        body["reference"],
        "approve",
        comment,
    )
    assert data["actor"] == {"employee_id": "E1002", "on_behalf_of": None}

    # Alice comes too late, and learns who decided what and when.
    problem = refusal(
        lambda: alice.post(
            f"me/inbox/{request_id}/response",
            {"verb": "reject", "version": 1, "comment": "Too expensive."},
        )
    )
    assert (problem["status"], problem["code"]) == (409, "already_decided")
    assert problem["decision"]["decided_by"]["name"] == company.PEOPLE["bob"][1]
    assert problem["decision"]["effect"] == "approve"
    assert problem["decision"]["decided_at"] == item["decision"]["decided_at"]

    # Payroll reads the truth, and rosters reads nothing.
    report = world.get(f"notifications/{request_id}").json()
    assert (report["state"], report["decision"]["outcome"]) == ("decided", "confirmed")
    assert report["counts"]["recipients"] == 2
    strange = world.get(f"notifications/{request_id}", subsystem="rosters")
    assert is_problem(strange, 404)
    listed = world.get("notifications", subsystem="rosters").json()
    assert listed["entries"] == []

    # What somebody types into an address is not kept, either.
    assert is_problem(world.get("people/Alice.Abel@corp.example"), 404)

    invariants.hold(world)


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Whether an answer is a problem document with this status."""
    kind = answer.headers["Content-Type"]
    return answer.status_code == status and kind == "application/problem+json"
