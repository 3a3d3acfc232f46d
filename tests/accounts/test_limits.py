"""A limit is for the good of all: it says when to come back, and fails open."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from accounts import audit, refusals, subsystems
from accounts.api import limits
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


def test_a_busy_key_is_counted_ahead_and_never_served_more_than_its_limit() -> None:
    now, subject = clock.now().replace(second=10), f"key:{uuid.uuid4()}"
    remaining: list[int] = []
    asked: list[int] = []
    count = limits._count

    def counted(subject: str, minute: int, requests: int) -> int | None:
        asked.append(requests)
        return count(subject, minute, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_count", counted)
        for _ in range(1000):
            quota = limits.take_leased(subject=subject, limit=1000, now=now)
            assert quota is not None
            remaining.append(quota.remaining)
        with pytest.raises(limits.RateLimited) as refusal:
            limits.take_leased(subject=subject, limit=1000, now=now)
    assert remaining == list(range(999, -1, -1)), "alone, a process tells the exact number"
    assert refusal.value.headers["Retry-After"] == "50"
    assert max(asked) == 46
    assert asked[:4] == [1, 2, 4, 8]
    assert len(asked) < 150
    later = limits.take_leased(subject=subject, limit=1000, now=now + timedelta(minutes=1))
    assert later is not None
    assert later.remaining == 999


def test_a_key_that_is_believed_is_asked_about_again_after_a_second(
    payroll: Subsystem,
    key: str,
    django_assert_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, passed = clock.now(), [1000.0]
    monkeypatch.setattr(subsystems, "monotonic", lambda: passed[0])
    subsystems.recall_key(text=key, now=now)
    subsystems.pause(subsystem_id=payroll.pk, actor=audit.HUB, now=now)
    passed[0] += 0.99
    with django_assert_num_queries(0):
        subsystems.recall_key(text=key, now=now)
    passed[0] += 0.01
    with pytest.raises(refusals.SubsystemPaused):
        subsystems.recall_key(text=key, now=now)
