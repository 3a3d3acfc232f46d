"""POST /notifications/{id}/withdraw, over HTTP."""

import json

import pytest

from notifications.models import Notification
from tests.hub.api import codes

pytestmark = pytest.mark.django_db


def path(world):
    return f"/api/v1/notifications/{world.request.pk}/withdraw"


def test_the_answer_is_the_report_and_how_many_had_it_already(world):
    answer = world.call("sender", "POST", path(world), {"reason": "A mistake."})
    body = json.loads(answer.content)

    assert answer.status_code == 200
    assert (body["state"], body["closed_reason"]) == ("withdrawn", "A mistake.")
    assert body["had_already"] == {"received": 3, "seen": 0, "read": 0, "responded": 0}
    assert body["counts"]["recipients"] == 3
    again = world.call("sender", "POST", path(world), {"reason": "Another."})
    assert json.loads(again.content) == body


def test_a_decided_one_is_answered_409_with_its_record(world):
    world.call(
        "owner", "POST", f"/api/v1/me/inbox/{world.request.pk}/response",
        {"verb": "approve", "version": 1},
    )  # fmt: skip
    problem = codes.problem(world.call("sender", "POST", path(world), {"reason": "Too late."}))

    assert (problem["status"], problem["code"]) == (409, "already_closed")
    assert problem["notification"]["state"] == "decided"
    assert problem["notification"]["decision"]["verb"] == "approve"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, {"reason": "x" * 501}, {"reason": "x", "by": "me"}])  # fmt: skip
def test_a_reason_is_needed(world, body):
    assert codes.problem(world.call("sender", "POST", path(world), body))["status"] == 422
    assert Notification.objects.get().state == "open"
