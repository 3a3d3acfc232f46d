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


@pytest.mark.django_db
def test_a_form_of_our_own_page_is_believed_from_a_browser():
    client = Client(enforce_csrf_checks=True)
    page = client.get("/admin/login/")
    # A browser names the page's origin only under a policy that lets it tell us (Fetch, 3.2).
    origin = "http://testserver" if page["Referrer-Policy"] == "same-origin" else "null"
    form = {"username": "x", "password": "y", "csrfmiddlewaretoken": page.context["csrf_token"]}
    answer = client.post("/admin/login/", form, headers={"Origin": origin})

    assert answer.status_code == 200  # the page again: there is no such person
    assert page.cookies["csrftoken"]["max-age"] == ""
