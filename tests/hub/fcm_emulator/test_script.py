"""Scripted behaviour: each fault a push transport has to live with can be ordered."""

import time
from typing import Any

import httpx
import pytest

from hub.demo.fcm import process
from hub.demo.fcm.client import Emulator, Refused
from tests.hub.fcm_emulator.conftest import SEND, Sending, connect, problem, shown


@pytest.fixture
def phone(emulator: Emulator) -> str:
    return emulator.register_phone("Alice")


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        ("UNREGISTERED", (404, "NOT_FOUND", "UNREGISTERED")),
        ("SENDER_ID_MISMATCH", (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")),
        ("THIRD_PARTY_AUTH_ERROR", (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")),
        ("UNAUTHENTICATED", (401, "UNAUTHENTICATED", None)),
        ("INVALID_ARGUMENT", (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")),
        ("QUOTA_EXCEEDED", (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")),
        ("UNAVAILABLE", (503, "UNAVAILABLE", "UNAVAILABLE")),
        ("INTERNAL", (500, "INTERNAL", "INTERNAL")),
    ],
)
def test_a_scripted_refusal_comes_once_and_reaches_nobody(
    emulator: Emulator, send: Sending, phone: str, behaviour: str, answer: Any
) -> None:
    emulator.script(phone, [behaviour])
    refused = send(phone, data=shown("1"))
    assert problem(refused) == answer
    assert "retry-after" not in refused.headers
    assert emulator.tray(phone) == []
    assert send(phone, data=shown("1")).status_code == 200
    assert len(emulator.tray(phone)) == 1


def test_steps_are_taken_in_order_and_the_last_may_stay(
    emulator: Emulator, send: Sending, phone: str
) -> None:
    emulator.script(
        phone,
        [{"do": "INTERNAL", "times": 2}, "OK", {"do": "UNREGISTERED", "always": True}],
    )
    statuses = [send(phone, data=shown("1")).status_code for _ in range(6)]
    assert statuses == [500, 500, 200, 404, 404, 404]
    emulator.script(phone, [])
    assert send(phone, data=shown("1")).status_code == 200


def test_a_tokens_own_script_comes_before_the_one_for_all(
    emulator: Emulator, send: Sending, phone: str
) -> None:
    emulator.script("*", [{"do": "INTERNAL", "always": True}])
    emulator.script(phone, ["OK"])
    assert [send(phone).status_code for _ in range(2)] == [200, 500]


def test_a_share_of_the_phones_is_always_the_same_share(emulator: Emulator, send: Sending) -> None:
    emulator.script("*", [{"do": "UNREGISTERED", "percent": 30, "always": True}])
    names = [f"cshare{number:016d}:APA91b{'a' * 134}" for number in range(60)]
    tokens = [emulator.register_phone("Load", token=name) for name in names]
    once = [send(token).status_code for token in tokens]
    assert 10 <= once.count(404) <= 26
    assert once == [send(token).status_code for token in tokens]
    for token in tokens:
        emulator.unregister(token)


@pytest.mark.parametrize("retry_after", ["7", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "-1"])
def test_retry_after_is_sent_as_it_was_scripted(
    emulator: Emulator, send: Sending, phone: str, retry_after: str
) -> None:
    emulator.script(phone, [{"do": "QUOTA_EXCEEDED", "retry_after": retry_after}])
    assert send(phone).headers["retry-after"] == retry_after


@pytest.mark.parametrize("quota", ["project", "device", "topic"])
def test_a_quota_failure_says_which_quota(
    emulator: Emulator, send: Sending, phone: str, quota: str
) -> None:
    emulator.script(phone, [{"do": "QUOTA_EXCEEDED", "quota": quota}])
    details = send(phone).json()["error"]["details"]
    (violation,) = details[1]["violations"]
    assert details[1]["@type"].endswith("QuotaFailure")
    assert violation["subject"].startswith(f"{quota}:")


def test_a_503_may_have_delivered(emulator: Emulator, send: Sending, phone: str) -> None:
    emulator.script(phone, [{"do": "UNAVAILABLE", "delivered": True, "retry_after": "3"}])
    answer = send(phone, data=shown("1"))
    assert problem(answer) == (503, "UNAVAILABLE", "UNAVAILABLE")
    assert answer.headers["retry-after"] == "3"
    assert len(emulator.tray(phone)) == 1
    (entry,) = emulator.messages()
    assert (entry["status"], entry["error"], entry["delivered"]) == (503, "UNAVAILABLE", True)


def test_a_proxys_page_is_html(emulator: Emulator, send: Sending, phone: str) -> None:
    emulator.script(phone, ["HTML_502"])
    answer = send(phone)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert emulator.counters()["errors"] == {"HTML_502": 1}


@pytest.mark.parametrize("behaviour", ["slow", "drip"])
def test_a_slow_answer_is_a_success_all_the_same(
    emulator: Emulator, send: Sending, phone: str, behaviour: str
) -> None:
    emulator.script(phone, [{"do": behaviour, "ms": 1}])
    assert send(phone, data=shown("1")).json()["name"].startswith("projects/demo-hub/messages/")
    assert len(emulator.tray(phone)) == 1


@pytest.mark.parametrize("http2", [True, False])
@pytest.mark.parametrize("delivered", [True, False])
def test_a_reset_breaks_the_connection_without_an_answer(
    emulator: Emulator,
    running: process.Running,
    access_token: str,
    phone: str,
    http2: bool,
    delivered: bool,
) -> None:
    emulator.script(phone, [{"do": "reset", "delivered": delivered}])
    with connect(running, http2=http2) as client:
        client.headers["authorization"] = f"Bearer {access_token}"
        body = {"message": {"token": phone, "data": shown("1")}}
        with pytest.raises((httpx.RemoteProtocolError, httpx.NetworkError)):
            client.post(SEND, json=body)
        assert len(emulator.tray(phone)) == int(delivered)
        assert client.post(SEND, json=body).status_code == 200
    assert [entry["error"] for entry in emulator.messages()] == ["reset", ""]


def test_a_hanging_answer_never_comes(
    emulator: Emulator, running: process.Running, access_token: str, phone: str
) -> None:
    emulator.script(phone, ["hang"])
    with connect(running) as client:
        client.headers["authorization"] = f"Bearer {access_token}"
        with pytest.raises(httpx.ReadTimeout):
            client.post(SEND, json={"message": {"token": phone}}, timeout=0.2)
    assert emulator.messages()[0]["status"] == 0


def test_a_projects_quota_is_counted_by_the_minute(
    emulator: Emulator, send: Sending, phone: str
) -> None:
    # To the first second of a minute an hour ahead: no test run straddles the next one.
    emulator.settings(clock_offset_seconds=60 - int(time.time()) % 60, quota_per_minute=2)
    answers = [send(phone), send(phone, bad=1), send(phone)]
    assert [answer.status_code for answer in answers] == [200, 400, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    emulator.settings(clock_offset_seconds=180)
    assert send(phone).status_code == 200


@pytest.mark.parametrize(
    "behaviour",
    [
        "EXPLODE",
        {"times": 2},
        {"do": "OK", "why": 1},
        {"do": "slow", "ms": -1},
        {"do": "OK", "times": 0},
    ],
)
def test_a_script_that_says_nothing_sensible_is_refused(
    emulator: Emulator, phone: str, behaviour: Any
) -> None:
    with pytest.raises(Refused):
        emulator.script(phone, [behaviour])
    assert emulator.scripts() == {}
