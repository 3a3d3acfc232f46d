"""Bob signs in with a browser, answers, and sees what became of it; another browser sees it too."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE
from tests.servers import company
from tests.stories.hub_process import until
from tests.stories.world import accepted, request_to

pytestmark = pytest.mark.servers


def test_a_request_is_answered_in_a_browser_and_leaves_every_screen(world, visit):
    world.phone("bob")
    bob, dana = visit(), visit(size=PHONE, color_scheme="dark")
    bob.sign_in("bob", world.samba.passwords["bob"])
    dana.sign_in("dana", world.samba.passwords["dana"])
    body = request_to("bob", "dana")
    body["body"] = "Two nights.\n\n- <b>not bold</b>\n- **bold**"
    body["facts"] = [{"label": "Amount", "value": "1412.50", "type": "money", "currency": "EUR"}]
    request_id = accepted(world.post(body))

    # The push shows in the pretend tray; the browsers hear of it by the feed.
    until("bob's phone shows it", lambda: world.shows("bob", request_id))
    for visitor in (bob, dana):
        visitor.button("Look for news").click()
        expect(visitor.row(body["title"])).to_contain_text("Answer needed")

    bob.read(body["title"])
    bob.sees("€1,412.50")
    bob.sees("<b>not bold</b>")
    bob.answer("Approve", Comment="Fine with me.")

    # Recorded, passed on, confirmed: without touching anything.
    bob.sees("Confirmed by Payroll")
    [event] = until("payroll heard of it", lambda: world.callbacks(request_id))
    assert event["verified"]
    assert event["payload"]["data"]["comment"] == "Fine with me."
    # The other browser and the tray are cleared.
    dana.button("Look for news").click()
    expect(dana.row(body["title"])).to_contain_text("Approved")
    dana.read(body["title"])
    dana.sees("by Bob Brown")
    expect(dana.page.get_by_role("button", name="Approve")).to_have_count(0)
    until("bob's tray is cleared", lambda: not world.shows("bob", request_id))

    bob.go("My answers")
    bob.sees(body["title"])
    # Nothing was asked of any other host.
    hosts = {urlsplit(address).netloc for visitor in (bob, dana) for address in visitor.asked}
    assert hosts == {urlsplit(world.hub.url).netloc}


def test_staff_sign_in_to_the_administration(world, visit):
    made = (
        "import django; django.setup();"
        "from accounts.models import Staff;"
        "Staff.objects.create_superuser('auditor', password='Correct horse 1')"
    )
    world.hub.run("-c", made)
    staff = visit()
    staff.page.goto("/admin/")
    staff.page.get_by_label("Username").fill("auditor")
    staff.page.get_by_label("Password").fill("Correct horse 1")
    staff.page.get_by_role("button", name="Log in").click()

    expect(staff.page.get_by_role("link", name="Employees").first).to_be_visible()


def test_what_is_wrong_at_the_door_is_said(world, visit):
    bob = visit(size=PHONE)
    bob.open()
    bob.page.get_by_label("User name").fill(company.MUST_CHANGE)
    bob.page.get_by_label("Password").fill(world.samba.passwords[company.MUST_CHANGE])
    bob.button("Sign in").click()

    bob.sees("has to be changed at a company computer")
