"""What phones ask for again and again is answered by 304 while there is nothing new."""

import pytest

from tests.hub.api.world import MARK

pytestmark = pytest.mark.django_db

LISTS = [
    "/api/v1/me/inbox",
    "/api/v1/me/inbox?q=payroll",
    "/api/v1/me/counts",
    "/api/v1/me/counts/categories",
    "/api/v1/me/answers",
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_nothing_new_is_said_in_no_words(world, path, form):
    first = world.call("owner", "GET", path)
    again = world.call("owner", "GET", path, If_None_Match=form.format(first["ETag"]))

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["ETag"] == first["ETag"]
    assert again["Cache-Control"] == "no-store"


def test_the_feed_has_a_tag_too(world):
    cursor = world.call("owner", "GET", "/api/v1/me/changes").json()["cursor"]
    path = f"/api/v1/me/changes?since={cursor}"
    first = world.call("owner", "GET", path)

    assert world.call("owner", "GET", path, If_None_Match=first["ETag"]).status_code == 304


def test_whatever_changed_is_told_again(world):
    first = world.call("owner", "GET", LISTS[0])
    body = {"ids": [str(world.request.pk)], "mark": "read"}
    world.call("owner", "POST", "/api/v1/me/inbox/mark", body)
    again = world.call("owner", "GET", LISTS[0], If_None_Match=first["ETag"])

    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]


@pytest.mark.parametrize("given", ["", "*", '""', "nonsense", '"' + "A" * 5000 + '"'])
def test_a_tag_that_is_of_nothing_changes_nothing(world, given):
    answer = world.call("owner", "GET", LISTS[0], If_None_Match=given)

    assert answer.status_code == 200
    assert MARK.encode() in answer.content


def test_somebody_elses_tag_opens_nothing(world):
    mine = world.call("owner", "GET", LISTS[0])["ETag"]

    assert world.call("other_employee", "GET", LISTS[0], If_None_Match=mine).status_code == 200
