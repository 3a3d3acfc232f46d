"""No door stands open by accident, and none is missing from the object-access matrix."""

import inspect

import pytest

from accounts.api import permissions
from tests.hub.api.matrix import MATRIX, OPEN
from tests.hub.api.routes import addresses, routes

ROUTES = routes()
# The parts of the project that are no API: staff sign in, probes ask, a scraper bears its token,
# a link in an e-mail is signed.
ELSEWHERE = ("/admin/", "/health/", "/metrics", "/unsubscribe/")
# The companion's page and what makes it installable: nothing of anybody is in them.
COMPANION = {"/", "/companion-worker.js", "/companion.webmanifest"}
# What serves staff may be a session; what serves phones and sub-systems may not, or a page of
# another origin could speak for whoever is signed in.
DOORS = {"BearerEmployee": permissions.IsEmployee, "BearerSubsystem": permissions.IsSubsystem}


def test_the_walk_finds_the_doors():
    assert "POST /api/v1/notifications" in {route.key for route in ROUTES}
    assert len(ROUTES) > 15


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_a_route_demands_identity_unless_it_is_on_the_short_list(route):
    assert inspect.isclass(route.view), "a door is a class that names whom it serves"
    if route.key in OPEN:
        assert getattr(route.view, "authentication_classes", []) == []
        return
    [authentication] = route.view.authentication_classes

    assert route.view.permission_classes == [DOORS[authentication.__name__]]


def test_the_short_list_names_nothing_that_is_gone():
    assert {route.key for route in ROUTES} >= OPEN


def test_every_route_has_a_row_in_the_matrix_and_every_row_a_route():
    assert {route.key for route in ROUTES} == MATRIX.keys()


def test_a_row_says_the_same_of_identity_as_the_short_list():
    assert {key for key, row in MATRIX.items() if row.door == "open"} == OPEN


def test_every_address_is_of_the_api_or_of_a_part_that_guards_itself():
    strays = [path for path, _ in addresses() if not path.startswith(("/api/v1/", *ELSEWHERE))]

    assert set(strays) == COMPANION


def test_no_two_routes_have_the_same_key():
    assert len({route.key for route in ROUTES}) == len(ROUTES)


def test_the_default_serves_nobody(settings):
    assert settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] == []
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == [
        "accounts.api.permissions.Nobody"
    ]
    assert not permissions.Nobody().has_permission(None, None)
