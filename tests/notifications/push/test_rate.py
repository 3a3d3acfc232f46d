"""The rate of a Firebase project holds over all processes, and falls after a refusal."""

import os
import threading
import uuid
from datetime import timedelta

import pytest

from hub.lib import scratchpad
from notifications.push import rate

LONG = timedelta(hours=1)


@pytest.fixture
def limit():
    """600 messages a second, in a bucket of its own."""
    return rate.Limit(
        project=uuid.uuid4().hex, messages_a_minute=36_000, redis_url=os.environ["REDIS_URL"]
    )


def test_a_burst_goes_at_once_and_what_is_above_it_waits_its_time(limit):
    assert rate.reserve(limit, count=600, longest=LONG) == timedelta(0)
    waits = [rate.reserve(limit, count=600, longest=LONG) for _ in range(3)]

    assert waits == sorted(waits)
    assert timedelta(seconds=1) < waits[-1] <= timedelta(seconds=2)


def test_many_at_once_reserve_one_after_another(limit):
    waits = []

    def reserve():
        waits.append(rate.reserve(limit, count=60, longest=LONG))

    threads = [threading.Thread(target=reserve) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # 40 times 60 messages at 600 a second, of which the first second's worth goes at once.
    assert max(waits) <= timedelta(seconds=40 * 60 / 600 - 1)
    assert max(waits) > timedelta(seconds=2)


def test_a_few_do_not_wait_behind_a_broadcast_which_makes_room_for_them(limit):
    for _ in range(2):
        rate.reserve(limit, count=600, longest=LONG)
    assert rate.reserve(limit, count=2, longest=timedelta(seconds=2)) == timedelta(0)
    before = rate.reserve(limit, count=100, longest=timedelta(seconds=2))
    for _ in range(6):
        rate.reserve(limit, count=rate.FEW, longest=timedelta(seconds=2))
    assert rate.reserve(limit, count=100, longest=LONG) > before + timedelta(seconds=0.3)


def test_a_few_are_held_up_like_all_once_the_provider_has_refused(limit):
    rate.hold(limit, span=timedelta(seconds=1))
    assert rate.reserve(limit, count=1, longest=timedelta(seconds=2)) > timedelta(seconds=0.5)


def test_beyond_the_longest_wait_nothing_is_reserved(limit):
    rate.reserve(limit, count=6000, longest=LONG)
    refused = rate.reserve(limit, count=1, longest=timedelta(seconds=1))
    again = rate.reserve(limit, count=1, longest=timedelta(seconds=1))

    assert refused > timedelta(seconds=1)
    assert again <= refused


def test_after_a_refusal_nobody_sends_for_the_time_the_provider_asked_for_and_then_slower(limit):
    rate.hold(limit, span=timedelta(seconds=30))
    first = rate.reserve(limit, count=60, longest=LONG)
    second = rate.reserve(limit, count=60, longest=LONG)

    assert timedelta(seconds=29) < first <= timedelta(seconds=30)
    assert second - first > timedelta(seconds=0.9), "a tenth of the rate, to begin with"


def test_projects_do_not_wait_for_each_other(limit):
    rate.hold(limit, span=timedelta(seconds=30))
    other = rate.Limit(uuid.uuid4().hex, limit.messages_a_minute, limit.redis_url)

    assert rate.reserve(other, count=60, longest=LONG) == timedelta(0)


def test_without_redis_a_process_keeps_to_its_share(monkeypatch):
    monkeypatch.setattr(rate, "own", rate.Own())
    gone = rate.Limit("gone", 36_000, "redis://127.0.0.1:1/0")
    try:
        assert rate.reserve(gone, count=150, longest=LONG) == timedelta(0)
        rate.reserve(gone, count=150, longest=LONG)
        wait = rate.reserve(gone, count=150, longest=LONG)
    finally:
        scratchpad.breaker.reset()

    assert timedelta(seconds=0.5) < wait <= timedelta(seconds=1)
