"""Who gets what: every route with every caller, against objects of alice and payroll."""

import pytest
from django.db import transaction

from accounts.models import Device
from notifications.models import Decision, Notification, Recipient, Response
from tests.hub.api import codes
from tests.hub.api.matrix import MATRIX, OPEN, OUTSIDERS, address
from tests.hub.api.routes import routes
from tests.hub.api.world import MARK, send

pytestmark = pytest.mark.django_db

GUARDED = [route for route in routes() if route.key not in OPEN]
SEE_IT = {"owner", "sender", "reader"}


def said(answer):
    code = f" {codes.problem(answer)['code']}" if answer.status_code >= 400 else ""
    return f"{answer.status_code}{code}"


@pytest.mark.parametrize("key", MATRIX)
def test_each_caller_gets_what_the_matrix_says_and_nothing_of_anybody_else(world, key):
    row, (method, path) = MATRIX[key], key.split(" ")
    got = {}
    for caller in row.expected():
        before = transaction.savepoint_create()
        answer = world.call(caller, method, address(path, world), row.body(world))
        transaction.savepoint_rollback(before)  # the next caller finds everything as it was
        got[caller] = said(answer)
        # Whoever comes through an open door proves by the body to be alice.
        if row.door != "open" and caller not in SEE_IT:
            assert MARK.encode() not in answer.content, caller
            assert str(world.request.pk).encode() not in answer.content, caller

    assert got == row.expected()


SENDING = {"POST /api/v1/notifications", "POST /api/v1/notifications/batch"}


@pytest.mark.parametrize("key", [key for key, row in MATRIX.items() if row.door != "open"])
def test_who_is_refused_or_a_stranger_changes_nothing(world, key):
    method, path = key.split(" ")
    row = MATRIX[key]
    strangers = {"other_employee", "other_subsystem", "other_test_key"}
    for caller in [*OUTSIDERS[row.door], *(strangers & row.served.keys())]:
        if key in SENDING and caller in strangers:
            continue  # they may send, in their own name
        world.call(caller, method, address(path, world), row.body(world))

    assert Notification.objects.count() == 1
    assert not Response.objects.exists()
    assert not Decision.objects.exists()
    copy = Recipient.objects.get(employee=world.alice)
    assert (copy.seen_at, copy.read_at, copy.responded_at) == (None, None, None)
    mine = Device.objects.filter(pk__in=[world.device_id, world.other_device_id], closed_at=None)
    assert mine.count() == 2
    assert not mine.exclude(push_address=None).exists()


NO_BEARER = [
    "",
    "Bearer",
    "Bearer ",
    "Basic YWxpY2U6cmlnaHQ=",
    "Token {token}",
    "{token}",
    "Bearer {token} {token}",
    "Bearer {token}x",
    "Bearer {token},Bearer {token}",
    "Bearer\t{token}",
    "Bearer hub_at_é" + "A" * 48,
    "Bearer " + "A" * 100_000,
]


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.key)
def test_an_authorization_header_that_is_no_bearer_token_is_no_identity(world, route):
    token = world.tokens["sender" if "/notifications" in route.path else "owner"]
    for header in NO_BEARER:
        sent = {"Authorization": header.replace("{token}", str(token))}
        answer = send(None, route.method, address(route.path, world), {}, headers=sent)

        assert said(answer) == "401 not_authenticated", header
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.key)
def test_identity_comes_before_anything_is_read_or_said(world, route):
    path = address(route.path, world)
    for answer in (
        send(None, route.method, path, b"\xff{"),
        send(None, route.method, path, b"{}", content_type="text/plain"),
        send(None, "OPTIONS", path),
        send(None, "TRACE", path),
        send(None, route.method, path, headers={"Accept": "text/html"}),
    ):
        assert answer.status_code in {401, 406}
        codes.problem(answer)


def test_an_object_of_somebody_else_looks_exactly_like_one_that_does_not_exist(world):
    for caller, path in (
        ("other_employee", "/api/v1/me/inbox/{}"),
        ("other_subsystem", "/api/v1/notifications/{}"),
    ):
        theirs = world.call(caller, "GET", path.format(world.request.pk))
        nobodys = world.call(caller, "GET", path.format("01890000-0000-7000-8000-000000000000"))

        same = [{**codes.problem(answer), "request_id": None} for answer in (theirs, nobodys)]
        assert same[0] == same[1]
