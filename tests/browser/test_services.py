"""A form is filled in and followed, and a module is opened with a code that is good once."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE
from tests.stories.hub_process import until

pytestmark = pytest.mark.servers

EVERYBODY = {"any": [{"everybody": True}]}
FORM = {
    "names": {"en": "Apply for leave"},
    "descriptions": {"en": "Holidays and special days"},
    "icon": {"name": "calendar"},
    "audience": EVERYBODY,
    "form": {
        "inputs": [
            {"name": "first", "label": "First day", "type": "date", "required": True},
            {"name": "days", "label": "Days", "type": "number", "required": True, "min": 1},
            {"name": "note", "label": "Note", "type": "file", "media_types": ["text/plain"]},
        ]
    },
}
PAGE = {
    "names": {"en": "Roster"},
    "audience": EVERYBODY,
    "address": "https://roster.corp.example/start",
}
APPROVE = """
import django; django.setup()
from accounts import audit
from accounts.models import Subsystem
from hub.lib import clock
from selfserve import modules, places
from selfserve.models import Module
for module in Module.objects.exclude(proposed=None):
    modules.approve(module_id=module.pk, actor=audit.HUB, now=clock.now())
"""
ALLOW = """
import django; django.setup()
from accounts import audit
from accounts.models import Subsystem
from hub.lib import clock
from selfserve import places
payroll = Subsystem.objects.get(key="payroll")
places.allow(
    subsystem_id=payroll.pk, allowed=places.Allowed(hosts=("roster.corp.example",)),
    actor=audit.HUB, now=clock.now(),
)
"""


def register(world, key, body):
    answer = world.http.put(
        f"{world.hub.url}/api/v1/modules/{key}",
        json=body,
        headers={"Authorization": f"Bearer {world.keys['payroll']}"},
    )
    assert answer.status_code < 300, answer.text


def test_a_form_is_handed_in_and_a_module_is_opened(world, visit):
    world.hub.run("-c", ALLOW)
    register(world, "leave", FORM)
    register(world, "roster", PAGE)
    world.hub.run("-c", APPROVE)
    bob = visit(size=PHONE)
    bob.context.route(
        "https://roster.corp.example/**", lambda route: route.fulfill(body="The roster")
    )
    bob.sign_in("bob", world.samba.passwords["bob"])

    bob.go("Services")
    with bob.context.expect_page() as opened:
        bob.page.get_by_role("button", name="Roster").first.click()
    expect(opened.value.get_by_text("The roster")).to_be_visible()
    assert "hub_code=hub_lc_" in opened.value.url

    bob.page.get_by_role("link", name="Apply for leave").click()
    bob.page.get_by_label("First day").fill("2027-05-03")
    bob.page.get_by_label("Days").fill("2")
    note = bob.page.get_by_label("Note")
    expect(note).to_be_disabled()
    bob.page.get_by_label("may have my files").check()
    note.set_input_files(
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"Back on Wednesday."}
    )
    bob.button("Hand in").click()

    # It is under what was handed in, and confirmed once the sub-system has it.
    bob.sees("Handed in as S-")
    events = until(
        "payroll has it",
        lambda: [
            event
            for event in world.http.get(f"{world.receiver}/events").json()
            if "form.submitted" in json.dumps(event)
        ],
    )
    assert events[0]["payload"]["data"]["inputs"] == {"first": "2027-05-03", "days": 2}
    until("it is confirmed", lambda: seen_confirmed(bob))


def seen_confirmed(visitor):
    visitor.page.reload()
    expect(visitor.page.locator(".card")).to_have_count(1)
    return visitor.page.locator(".chip.good").count() == 1
