"""PATCH /notifications/{id} and POST /notifications/{id}/settle, over HTTP."""

import json

import pytest

from notifications.models import Notification
from tests.hub.api import codes

pytestmark = pytest.mark.django_db


def edit(world, body, **headers):
    return world.call(
        "sender", "PATCH", f"/api/v1/notifications/{world.request.pk}", body, **headers
    )


def test_the_version_is_said_by_header_or_in_the_body(world):
    assert json.loads(edit(world, {"title": "A"}, **{"If-Match": '"1"'}).content)["version"] == 2
    assert json.loads(edit(world, {"title": "B", "version": 2}).content)["version"] == 3
    for body, headers in (
        ({"title": "C"}, {}),
        ({"title": "C"}, {"If-Match": "3"}),
        ({"title": "C"}, {"If-Match": "*"}),
        ({"title": "C", "version": 3}, {"If-Match": '"2"'}),
    ):
        problem = codes.problem(edit(world, body, **headers))
        assert problem["errors"][0]["pointer"] == "/version"
    stale = codes.problem(edit(world, {"title": "C"}, **{"If-Match": '"2"'}))
    assert (stale["status"], stale["code"]) == (412, "version_mismatch")
    assert stale["notification"]["version"] == 3
    assert Notification.objects.get().card["title"] == "B"


def test_the_same_key_edits_once(world):
    first = edit(world, {"title": "A", "version": 1}, **{"Idempotency-Key": "k"})
    again = edit(world, {"title": "A", "version": 1}, **{"Idempotency-Key": "k"})
    assert again["Idempotency-Replayed"] == "true"
    assert json.loads(again.content) == json.loads(first.content)
    assert json.loads(first.content)["had_already"]["received"] == 3
    assert Notification.objects.get().version == 2


@pytest.mark.parametrize(
    "body", [{"audience": {}}, {"title": None}, {"title": ""}, {"actions": []}, {"kind": "notice"}]
)
def test_whom_it_is_for_can_not_change_and_nonsense_is_refused(world, body):
    assert codes.problem(edit(world, {"version": 1, **body}))["status"] == 422
    assert Notification.objects.get().version == 1


def test_settling_answers_with_the_record_and_a_decided_one_is_refused(world):
    path = f"/api/v1/notifications/{world.request.pk}/settle"
    assert codes.problem(world.call("sender", "POST", path, {"by": "x"}))["status"] == 422
    body = json.loads(world.call("sender", "POST", path, {"outcome": "paid"}).content)

    assert (body["state"], body["settlement"]["outcome"]) == ("settled", "paid")
    assert body["had_already"]["received"] == 3
    late = world.call(
        "owner", "POST", f"/api/v1/me/inbox/{world.request.pk}/response",
        {"verb": "approve", "version": 1},
    )  # fmt: skip
    assert codes.problem(late)["settlement"] == body["settlement"]
    gone = codes.problem(edit(world, {"version": 1, "title": "A"}))
    assert (gone["status"], gone["code"]) == (409, "already_closed")
