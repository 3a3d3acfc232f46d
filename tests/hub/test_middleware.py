"""What every answer carries, and what a request costs that is for a door and not for a page."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_doors_and_pages_each_have_their_policy_and_neither_is_framed():
    client = Client()
    door, page, docs = (
        client.get(path) for path in ("/api/v1/me", "/admin/login/", "/api/v1/docs")
    )

    assert door["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "script-src" in page["Content-Security-Policy"]
    assert "script-src" in docs["Content-Security-Policy"]
    assert page["X-Frame-Options"] == docs["X-Frame-Options"] == "DENY"
    assert {answer["X-Content-Type-Options"] for answer in (door, page, docs)} == {"nosniff"}
    assert "csrftoken" in page.cookies
    assert not door.cookies


@pytest.mark.django_db
def test_a_form_that_comes_from_elsewhere_is_refused():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 403
