"""What people read and choose before and beside their inbox."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE
from tests.stories.world import accepted, request_to

pytestmark = pytest.mark.servers

PUBLISH = """
import django; django.setup()
from datetime import timedelta
from accounts.models import PrivacyNotice
from hub.lib import clock
now = clock.now()
PrivacyNotice.objects.create(
    version="2027-1", number=1, created_at=now, material=True, recipients=["firebase"],
    texts={"en": {"title": "Your data here", "text": "What is **kept**, and why."}},
    published_at=now - timedelta(days=40), effective_at=now - timedelta(days=1),
)
"""


def test_nobody_goes_on_before_the_notice_in_effect_is_accepted(world, visit):
    body = request_to("bob")
    accepted(world.post(body))
    world.hub.run("-c", PUBLISH)
    bob = visit(size=PHONE)
    try:
        bob.open()
        # It can be read before signing in.
        bob.page.get_by_role("link", name="Privacy").click()
        bob.sees("Your data here")
        bob.page.get_by_role("link", name="Back").click()
        bob.page.get_by_label("User name").fill("bob")
        bob.page.get_by_label("Password").fill(world.samba.passwords["bob"])
        bob.button("Sign in").click()
        expect(bob.page.get_by_role("heading", name="Before you go on")).to_be_visible()
        bob.sees("What is kept, and why.")
        expect(bob.row(body["title"])).to_have_count(0)

        bob.button("I have read and accept it").click()
        bob.page.get_by_role("link", name="Later").click()
        expect(bob.row(body["title"])).to_be_visible()
    finally:
        world.change("TRUNCATE accounts_privacynotice CASCADE")


def test_what_is_chosen_after_the_first_sign_in_is_kept_and_not_asked_again(world, visit):
    charlie = visit()
    for first in (True, False):
        charlie.open()
        charlie.page.get_by_label("User name").fill("charlie")
        charlie.page.get_by_label("Password").fill(world.samba.passwords["charlie"])
        charlie.button("Sign in").click()
        if first:
            charlie.sees("How may we reach you?")
            charlie.button("Add quiet hours").click()
            charlie.page.get_by_label("Language of messages").select_option("de")
            charlie.button("Save").click()
            charlie.sees("Saved.")
        expect(charlie.page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
        if first:
            charlie.go("You")
            charlie.button("Sign out").first.click()
    held = world.phone("charlie").get("me/preferences")
    assert held["language"] == "de"
    assert held["quiet_hours"] == [
        {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "19:00", "until": "07:00"}
    ]  # fmt: skip


def test_what_is_put_off_leaves_the_list_and_can_be_fetched_back(world, visit):
    body = request_to("alice")
    accepted(world.post(body))
    alice = visit()
    alice.sign_in("alice", world.samba.passwords["alice"])
    alice.read(body["title"])
    pane = alice.page.get_by_role("region", name=body["title"])
    pane.get_by_role("button", name="Later").click()
    alice.page.get_by_role("dialog").get_by_role("button", name="Tomorrow morning").click()
    expect(alice.row(body["title"])).to_have_count(0)

    alice.page.get_by_role("group", name="Show").get_by_role("button", name="Later").click()
    alice.read(body["title"])
    alice.button("Back now").click()
    alice.page.get_by_role("group", name="Show").get_by_role("button", name="For me").click()
    expect(alice.row(body["title"])).to_be_visible()

    # The hub finds what is not even in the title.
    alice.page.get_by_label("Search").fill(json.dumps(body["reference"])[1:-1])
    expect(alice.row(body["title"])).to_be_visible()
