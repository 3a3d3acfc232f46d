"""Every cookie of the hub: it lives as long as the browser, scripts can't read it, and it says nothing."""

import pytest
from django.test import Client

from accounts.models import Staff
from tests.hub.api.routes import addresses

pytestmark = pytest.mark.django_db
# The whole list; a longer one is a decision that belongs into a privacy notice.
COOKIES = {"sessionid", "csrftoken"}


@pytest.fixture
def browser(settings):
    """A browser of the administration, over TLS as in production."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    Staff.objects.create_superuser("root", password="right", email="root@corp.example")
    return Client(raise_request_exception=False)


def received(client):
    """Every cookie that came on a walk over all pages without parameters, and a sign-in."""
    found = {}

    def keep(answer):
        for name, morsel in answer.cookies.items():
            if morsel.value:
                found[name] = morsel
        return answer

    keep(client.get("/admin/login/", secure=True))
    form = {"username": "root", "password": "right"}
    assert keep(client.post("/admin/login/", form, secure=True)).status_code == 302
    for path, _ in addresses():
        if "{" not in path and "(" not in path and "^" not in path and "logout" not in path:
            keep(client.get(path, secure=True))
    new = "/admin/accounts/privacynotice/new/draft/"  # what is done is said on the next page
    assert keep(client.post(new, {"version": "2026-1"}, secure=True)).status_code == 302
    return found


def test_these_are_all_cookies_and_each_is_of_the_session_secure_and_hidden(browser):
    found = received(browser)

    assert found.keys() == COOKIES
    for name, morsel in found.items():
        assert morsel["max-age"] == "", name
        assert morsel["expires"] == "", name
        assert morsel["secure"] is True, name
        assert morsel["httponly"] is True, name
        assert morsel["samesite"] in {"Lax", "Strict"}, name
        assert morsel["domain"] == "", name


def test_a_cookie_is_random_and_carries_nothing(browser):
    for name, morsel in received(browser).items():
        assert morsel.value.isalnum(), name
        assert len(morsel.value) == 32, name
        assert "root" not in morsel.value, name


def test_the_doors_of_phones_and_sub_systems_set_none():
    client = Client()
    for path, _ in addresses():
        if path.startswith(("/api/", "/health/")) and "{" not in path:
            assert not client.get(path).cookies, path


def test_production_asks_for_tls_on_every_cookie():
    from pathlib import Path

    settings = (Path(__file__).resolve().parents[2] / "hub/settings.py").read_text()
    assert 'SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HUB_MODE == "production"' in settings
