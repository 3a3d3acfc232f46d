"""Without a network: what was read stays readable, answers wait, and nothing outlives the session."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE
from tests.stories.hub_process import until
from tests.stories.world import accepted, request_to

pytestmark = pytest.mark.servers


def test_an_answer_given_offline_is_sent_later_and_counts_once(world, visit):
    first, second = request_to("bob", "dana"), request_to("bob", "dana")
    restricted = {**request_to("bob"), "sensitivity": "restricted"}
    first_id, second_id = accepted(world.post(first)), accepted(world.post(second))
    accepted(world.post(restricted))
    bob = visit(size=PHONE)
    bob.sign_in("bob", world.samba.passwords["bob"])
    expect(bob.row(first["title"])).to_be_visible()
    expect(bob.row(restricted["title"])).to_be_visible()
    bob.ready_offline()
    kept = {item["title"] for item in bob.kept("items")}
    assert first["title"] in kept
    assert restricted["title"] not in kept

    # The train enters a tunnel, the tab is opened anew.
    bob.context.set_offline(True)
    bob.page.reload()
    bob.sees("Offline")
    expect(bob.row(restricted["title"])).to_have_count(0)
    for body in (first, second):
        bob.read(body["title"])
        bob.answer("Approve")
        bob.sees("Not sent yet")
        bob.page.get_by_role("link", name="Back").click()
    assert [entry["refused"] for entry in bob.kept("queue")] == [None, None]

    # Meanwhile Dana decides one of them otherwise.
    dana = world.phone("dana")
    dana.post(f"me/inbox/{second_id}/response", {"verb": "reject", "version": 1, "comment": "No."})

    # Daylight: one counts, of the other he is told.
    bob.context.set_offline(False)
    bob.sees("your answer did not count")
    expect(bob.row(first["title"])).to_contain_text("Approved")
    bob.button("Dismiss").click()
    until("the queue is empty", lambda: not bob.kept("queue"))
    events = until("payroll heard of the first", lambda: world.callbacks(first_id))
    assert [event["payload"]["data"]["verb"] for event in events] == ["approve"]
    world.phone("dana")


def test_nothing_is_left_when_the_session_is_ended_from_elsewhere(world, visit):
    title = request_to("alice")
    accepted(world.post(title))
    alice = visit(size=PHONE)
    alice.sign_in("alice", world.samba.passwords["alice"])
    expect(alice.row(title["title"])).to_be_visible()
    until("the item is kept", lambda: alice.kept("items"))

    world.phone("alice").post("auth/logout-everywhere", None)
    alice.button("Look for news").click()

    expect(alice.button("Sign in")).to_be_visible()
    for store in ("kv", "items", "queue"):
        until(f"{store} is empty", lambda store=store: not alice.kept(store))


def test_on_a_shared_computer_nothing_is_written_at_all(world, visit):
    title = request_to("alice")
    accepted(world.post(title))
    alice = visit()
    alice.sign_in("alice", world.samba.passwords["alice"], keep=False)
    expect(alice.row(title["title"])).to_be_visible()

    assert [alice.kept(store) for store in ("kv", "items", "queue")] == [[], [], []]
    alice.page.reload()
    expect(alice.button("Sign in")).to_be_visible()
