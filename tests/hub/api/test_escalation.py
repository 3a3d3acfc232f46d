"""The fields `escalation`, `due_at` and `on_expiry` of POST /notifications, and acknowledgements."""

import json
from datetime import timedelta

import pytest

from hub.lib import clock
from notifications.models import Category, Errand
from tests.hub.api import codes
from tests.hub.api.world import NOTICE

pytestmark = pytest.mark.django_db

REQUEST = {**NOTICE, "kind": "request"}
CONFIRM = {**NOTICE, "kind": "acknowledgement"}
STEPS = [{"after": "P1D", "do": "remind"}, {"after": "P3D", "do": "manager"}]


def post(world, body, **more):
    return world.call("sender", "POST", "/api/v1/notifications", {**body, **more})


def test_an_escalation_is_taken_read_back_and_due_at_its_time(world):
    accepted = json.loads(post(world, REQUEST, escalation=STEPS).content)
    report = json.loads(world.call("sender", "GET", accepted["uri"]).content)

    assert (report["escalation"], report["prompts"]) == (STEPS, [])
    [errand] = Errand.objects.filter(kind="escalate")
    wait = errand.due_at - clock.now()
    assert timedelta(hours=23) < wait <= timedelta(days=1)


def test_without_one_nothing_is_written_and_nothing_is_due(world):
    accepted = json.loads(post(world, REQUEST).content)
    report = json.loads(world.call("sender", "GET", accepted["uri"]).content)

    assert report["escalation"] == []
    assert not Errand.objects.filter(kind="escalate").exists()


@pytest.mark.parametrize(
    ("body", "more", "pointer", "code"),
    [
        (NOTICE, {"escalation": STEPS}, "/escalation", "nobody_waits"),
        (CONFIRM, {"escalation": STEPS}, "/escalation/1/do", "nobody_decides"),
        (REQUEST, {"escalation": [{"after": "P1M", "do": "remind"}]}, "/escalation/0/after", "bad_duration"),
        (REQUEST, {"escalation": [{"after": "tomorrow", "do": "remind"}]}, "/escalation/0/after", "invalid"),
        (REQUEST, {"escalation": [STEPS[1], STEPS[0]]}, "/escalation/1/after", "not_later"),
        (REQUEST, {"escalation": [{"after": "P1D", "do": "shout"}]}, "/escalation/0/do", "invalid_choice"),
        (REQUEST, {"escalation": [{"after": "P1D", "do": "group"}]}, "/escalation/0/group", "invalid"),
        (REQUEST, {"escalation": [{"after": "P1D", "do": "group", "group": "No such"}]}, "/escalation/0/group", "audience_empty"),
        (REQUEST, {"escalation": [{"after": "P1D", "do": "remind", "to": "x"}]}, "/escalation/0/to", "unknown_field"),
        (REQUEST, {"escalation": STEPS * 5}, "/escalation", "max_length"),
        (CONFIRM, {"on_expiry": "reject"}, "/on_expiry", "invalid"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_pointed_at(world, body, more, pointer, code):
    problem = codes.problem(post(world, body, **more))

    assert [(flaw["pointer"], flaw["code"]) for flaw in problem["errors"]] == [(pointer, code)]


def test_the_category_s_default_at_expiry_holds_only_where_there_is_an_expiry(world):
    Category.objects.update(on_expiry="approve", escalation=STEPS)
    end = clock.text(clock.now() + timedelta(days=9))

    assert post(world, REQUEST).status_code == 202
    assert post(world, REQUEST, expires_at=end).status_code == 202
    assert post(world, CONFIRM, expires_at=end).status_code == 202
    assert post(world, NOTICE, expires_at=end).status_code == 202


def test_who_must_confirm_confirms_and_the_sender_reads_who_has_not(world):
    accepted = json.loads(post(world, CONFIRM).content)
    address = f"/api/v1/me/inbox/{accepted['id']}/acknowledge"
    listed = f"{accepted['uri']}/recipients?acknowledged=false"
    [before] = json.loads(world.call("sender", "GET", listed).content)["entries"]
    assert (before["employee_id"], before["acknowledged_at"]) == ("E1001", None)
    item = json.loads(world.call("owner", "POST", address, {"version": 1}).content)

    assert item["acknowledged_at"]
    assert json.loads(world.call("sender", "GET", listed).content)["entries"] == []
    problem = codes.problem(world.call("owner", "POST", address, {"version": 2}))
    assert problem["code"] == "version_changed"
    assert codes.problem(world.call("owner", "POST", address, {}))["status"] == 422
    assert codes.problem(world.call("reader", "POST", address, {"version": 1}))["status"] == 404
