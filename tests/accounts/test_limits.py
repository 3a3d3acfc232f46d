"""A limit is for the good of all: it says when to come back, and fails open."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from accounts.models import Subsystem
from hub.lib import clock, scratchpad
from tests.accounts.test_api import refused, send

pytestmark = [pytest.mark.urls("tests.accounts.urls"), pytest.mark.django_db]


def test_above_the_limit_a_key_waits_for_the_next_minute(
    client: Client, key: str, payroll: Subsystem
) -> None:
    Subsystem.objects.update(requests_a_minute=2)
    with time_machine.travel(clock.now().replace(second=10), tick=False):
        for left in ("1", "0"):
            response = send(client, "POST", "echo", {"title": "x"}, key)
            assert (response.status_code, response["RateLimit-Remaining"]) == (200, left)
        response = send(client, "POST", "echo", {"title": "x"}, key)
        refused(response, 429, "rate_limited")
        assert (response["Retry-After"], response["RateLimit-Remaining"]) == ("50", "0")
    with time_machine.travel(clock.now().replace(second=10) + timedelta(minutes=1), tick=False):
        assert send(client, "POST", "echo", {"title": "x"}, key).status_code == 200


def test_without_redis_nobody_is_limited_and_only_the_first_request_tries_it(
    client: Client, key: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Subsystem.objects.update(requests_a_minute=1)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    tried: list[str] = []
    connect = scratchpad._client
    monkeypatch.setattr(scratchpad, "_client", lambda url: tried.append(url) or connect(url))
    try:
        for _ in range(3):
            response = send(client, "POST", "echo", {"title": "x"}, key)
            assert response.status_code == 200
            assert "RateLimit-Limit" not in response
    finally:
        scratchpad.breaker.reset()
    assert len(tried) == 1
