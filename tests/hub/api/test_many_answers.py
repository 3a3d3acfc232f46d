"""POST /me/responses and GET /me/answers, over HTTP."""

import json
import uuid

import pytest

from notifications.models import Category, Response
from tests.hub.api import codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def bulk(world):
    """The request, of a category that allows many answers at once."""
    Category.objects.update(bulk_answers=True)
    return [str(world.request.pk)]


def send(world, *responses, caller="owner"):
    return world.call(caller, "POST", "/api/v1/me/responses", {"responses": list(responses)})


def one(id_, **more):
    return {"id": id_, "verb": "approve", "version": 1, **more}


def test_each_is_recorded_by_itself_and_a_bad_one_stops_no_other(world, bulk):
    stranger = str(uuid.uuid4())
    answer = send(world, one(stranger), one(bulk[0], verb="park"), one(bulk[0]), one(bulk[0], verb="reject"))  # fmt: skip
    results = json.loads(answer.content)["results"]

    assert answer.status_code == 207
    assert [result["status"] for result in results] == [404, 422, 200, 409]
    assert results[2]["item"]["decision"]["by_you"]
    assert results[3]["problem"]["code"] == "already_decided"
    again = json.loads(send(world, one(bulk[0])).content)["results"]
    assert again[0]["status"] == 200
    assert Response.objects.count() == 1


def test_only_where_the_category_allows_it_and_nobody_elses(world):
    path = str(world.request.pk)
    [result] = json.loads(send(world, one(path)).content)["results"]
    assert (result["status"], result["problem"]["code"]) == (403, "bulk_not_allowed")
    [result] = json.loads(send(world, one(path), caller="other_employee").content)["results"]
    assert (result["status"], result["problem"]["code"]) == (404, "not_found")
    assert not Response.objects.exists()


@pytest.mark.parametrize("count", [0, 51])
def test_not_none_and_not_too_many(world, bulk, count):
    problem = codes.problem(send(world, *[one(bulk[0])] * count))
    assert problem["errors"][0]["pointer"] == "/responses"


def test_one_reads_what_became_of_ones_own_answers_and_of_nobody_elses(world, bulk):
    send(world, one(bulk[0], comment="Fine."))
    page = json.loads(world.call("owner", "GET", "/api/v1/me/answers").content)

    [entry] = page["entries"]
    assert (entry["notification_id"], entry["comment"], entry["counts"]) == (bulk[0], "Fine.", True)
    assert entry["decision"]["effect"] == "approve"
    assert page["page_info"] == {"after": None, "before": None, "page_size": 50}
    others = json.loads(world.call("other_employee", "GET", "/api/v1/me/answers").content)
    assert others["entries"] == []
    assert codes.problem(world.call("owner", "GET", "/api/v1/me/answers?after=x"))["status"] == 422
