"""Whatever JSON is sent, the hub answers with less than 500, in its own shapes."""

import base64
import json
from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.models import Notification
from tests.hub.api import bodies, codes
from tests.hub.api.world import World

pytestmark = pytest.mark.django_db

# The world is the same for all examples: each one is rolled back.
examples = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["approve", "E1001", "2099-01-01T00:00:00Z", "\x00", "\ud800", "\u202e", "="])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def with_fields_of(key: str) -> st.SearchStrategy[object]:
    """Bodies with the door's own fields, right in most places and anything in some."""
    # Only the names of fields are wanted of the world.
    nobody = World(request=Notification(), refresh_token="x")
    good = bodies.full(nobody)[key]
    fields = {
        name: st.just(value)
        | st.just(value)
        | JSON
        | (JSON if name == "audience" else st.nothing())
        for name, value in good.items()
    }
    return JSON | st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields)


def check(world: World, caller: str, path: str, body: object) -> None:
    sent = json.dumps(body).encode()  # NaN and lone surrogates included, as escapes and words
    before = transaction.savepoint_create()
    answer = world.call(caller, "POST", path, sent)
    transaction.savepoint_rollback(before)
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        codes.problem(answer)


@examples
@given(body=with_fields_of("POST /api/v1/notifications"))
def test_no_json_breaks_the_door_of_notifications(world, body):
    check(world, "sender", "/api/v1/notifications", body)


@examples
@given(body=with_fields_of("POST /api/v1/me/inbox/{notification_id}/response"))
def test_no_json_breaks_the_door_of_answers(world, body):
    check(world, "owner", f"/api/v1/me/inbox/{world.request.pk}/response", body)


@examples
@given(audience=JSON | st.dictionaries(st.sampled_from(["any", "all", "none"]), st.lists(
    st.dictionaries(
        st.sampled_from(["employees", "group", "department", "geo", "everybody", "manager_of", "title", "all_reports_of"]),
        JSON, max_size=2,
    ), max_size=3,
)))  # fmt: skip
def test_no_audience_breaks_the_door_of_notifications(world, audience):
    body = {"category": "approval", "kind": "notice", "title": "x", "audience": audience}
    check(world, "sender", "/api/v1/notifications", body)


@examples
@given(
    cursor=st.text(max_size=40),
    size=st.integers(),
    name=st.sampled_from(["after", "before", "since"]),
)
def test_no_query_breaks_a_list(world, cursor, size, name):
    value = quote(cursor.encode("utf-8", "surrogatepass"))
    for caller, path in (
        ("owner", "/api/v1/me/inbox"),
        ("owner", "/api/v1/me/changes"),
        ("sender", "/api/v1/notifications"),
    ):
        answer = world.call(caller, "GET", f"{path}?{name}={value}&page_size={size}")
        assert answer.status_code < 500


@examples
@given(parts=st.lists(st.text(max_size=45), min_size=1, max_size=3))
def test_no_forged_cursor_breaks_a_list(world, parts):
    cursor = base64.urlsafe_b64encode("|".join(parts).encode("utf-8", "surrogatepass")).decode()
    for caller, path, name in (
        ("owner", "/api/v1/me/inbox", "after"),
        ("owner", "/api/v1/me/inbox", "before"),
        ("owner", "/api/v1/me/changes", "since"),
        ("sender", "/api/v1/notifications", "after"),
    ):
        answer = world.call(caller, "GET", f"{path}?{name}={cursor.rstrip('=')}")
        assert answer.status_code in {200, 422}, answer.content
