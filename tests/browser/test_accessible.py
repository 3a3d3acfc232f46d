"""Every screen, in both themes and directions, by axe-core and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, PHONE
from tests.stories.world import accepted, request_to

pytestmark = pytest.mark.servers

SERIOUS = {"serious", "critical"}
PLACES = ("#/", "#/answers", "#/you", "#/preferences", "#/data", "#/away")


def flaws(visitor, axe):
    """What axe finds serious on the screen: rule, and where."""
    visitor.page.wait_for_timeout(300)  # a colour on its way to another is no contrast
    visitor.page.evaluate(axe)
    found = visitor.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (rule["id"], node["html"][:200], node.get("failureSummary", "")[:300])
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(
    ("size", "theme", "locale"),
    [
        (PHONE, "light", "en-GB"),
        (DESKTOP, "dark", "ar-EG"),
        (DESKTOP, "light", "de-DE"),
    ],
    ids=["phone-light-english", "desktop-dark-arabic", "desktop-light-german"],
)
def test_axe_finds_nothing_serious_on_any_screen(world, visit, axe, size, theme, locale):
    body = request_to("bob", "dana")
    body |= {
        "body": "# What\n- **bold**\n\n```\ncode\n```",
        "facts": [{"label": "Amount", "value": "12.50", "type": "money", "currency": "EUR"}],
        "actions": [
            {"verb": "approve", "label": "Approve"},
            {"verb": "reject", "label": "Reject", "comment": "required", "inputs": [
                {"name": "why", "label": "Why", "type": "select", "options": ["a", "b"]},
                {"name": "sure", "label": "Sure", "type": "boolean"},
                {"name": "parts", "label": "Parts", "type": "multi-select", "options": ["a", "b"]},
                {"name": "back_on", "label": "Back on", "type": "date"},
            ]},
        ],
    }  # fmt: skip
    request_id = accepted(world.post(body))
    bob = visit(size=size, color_scheme=theme, locale=locale)
    bob.open()
    expect(bob.page.locator("#username")).to_be_visible()
    found = {"door": flaws(bob, axe)}
    bob.page.locator("#username").fill("bob")
    bob.page.locator("#password").fill(world.samba.passwords["bob"])
    bob.page.keyboard.press("Enter")
    expect(bob.page.locator(".save")).to_be_visible()
    found["welcome"] = flaws(bob, axe)
    bob.page.goto("/#/")
    expect(bob.row(body["title"])).to_be_visible()
    for place in PLACES:
        bob.page.goto(f"/{place}")
        expect(bob.page.locator(".skeleton")).to_have_count(0)
        found[place] = flaws(bob, axe)
    bob.page.goto(f"/#/item/{request_id}")
    expect(bob.page.get_by_role("heading", name=body["title"])).to_be_visible()
    found["item"] = flaws(bob, axe)
    bob.page.locator(".actions .danger").click()
    found["sheet"] = flaws(bob, axe)

    assert {place: some for place, some in found.items() if some} == {}
    direction = bob.page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
    assert direction == [locale[:2], "rtl" if locale.startswith("ar") else "ltr"]


def test_the_whole_way_can_be_gone_by_keyboard(world, visit):
    body = request_to("bob", "dana")
    accepted(world.post(body))
    bob = visit()
    bob.open()
    expect(bob.page.locator("#username")).to_be_focused()
    keys = bob.page.keyboard
    keys.type("bob")
    keys.press("Tab")
    keys.type(world.samba.passwords["bob"])
    keys.press("Enter")
    later = bob.page.get_by_role("link", name="Later")
    later.focus()
    keys.press("Enter")
    expect(bob.row(body["title"])).to_be_visible()

    bob.row(body["title"]).focus()
    keys.press("Enter")
    expect(bob.page.get_by_role("heading", name=body["title"], level=1)).to_be_focused()
    bob.button("Approve").focus()
    keys.press("Enter")
    dialog = bob.page.get_by_role("dialog", name="Approve")
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_have_count(0)
    expect(bob.button("Approve")).to_be_focused()
    keys.press("Enter")
    bob.button("Approve").focus()
    keys.press("Enter")

    bob.sees("by you")
