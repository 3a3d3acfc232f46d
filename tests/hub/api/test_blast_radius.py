"""Held, previewed and released, over HTTP with two keys."""

import json

import pytest

from accounts import subsystems
from accounts.models import Subsystem
from tests.hub.api import codes
from tests.hub.api.world import ADMIN, NOTICE, send

pytestmark = pytest.mark.django_db

EVERYBODY = {"any": [{"everybody": True}]}


@pytest.fixture
def second(world, payroll, now):
    """The token of payroll's second key; its limit is one person from now on."""
    Subsystem.objects.update(blast_radius=1)
    return subsystems.issue_key(
        subsystem=payroll, mode="live", name="second", expires_at=None, actor=ADMIN, now=now
    ).text


def test_the_answer_says_that_it_is_held_and_why_and_a_second_key_lets_it_go(world, second):
    answer = world.call(
        "sender", "POST", "/api/v1/notifications", {**NOTICE, "audience": EVERYBODY}
    )
    body = json.loads(answer.content)
    release = f"{body['uri']}/release"

    assert (answer.status_code, body["state"]) == (202, "held")
    assert body["held"] == {"reason": "blast_radius", "limit": 1, "release": release}
    refused = codes.problem(world.call("sender", "POST", release, {}))
    assert (refused["status"], refused["code"]) == (403, "second_person_needed")
    released = json.loads(send(second, "POST", release).content)
    assert released["state"] == "open"
    assert (released["held_over"], released["released_at"][-1]) == (1, "Z")
    report = json.loads(world.call("sender", "GET", body["uri"]).content)
    assert report["state"] == "open"


def test_what_is_not_held_says_so(world, second):
    body = json.loads(world.call("sender", "POST", "/api/v1/notifications", NOTICE).content)

    assert (body["state"], body["held"]) == ("open", None)


def test_a_preview_counts_by_geo_and_department_and_sends_nothing(world, second):
    audience = {"any": [{"everybody": True}, {"department": "Nowhere"}]}
    body = json.loads(
        world.call("sender", "POST", "/api/v1/audiences/preview", {"audience": audience}).content
    )

    assert body == {
        "count": 4,
        "by_geo": [{"geo": "DE", "count": 3}, {"geo": "IN", "count": 1}],
        "by_department": [
            {"department": "Finance", "count": 3},
            {"department": "IT", "count": 1},
        ],
        "would_be_held": True,
        "limit": 1,
        "unknown": ["department:Nowhere"],
    }


def test_a_preview_of_a_bad_audience_points_at_the_fault(world):
    body = {"audience": {"any": [{"planet": "Mars"}]}}
    problem = codes.problem(world.call("sender", "POST", "/api/v1/audiences/preview", body))

    assert problem["errors"][0]["pointer"] == "/audience/any/0/planet"
