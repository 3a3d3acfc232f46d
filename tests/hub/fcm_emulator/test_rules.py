"""What Firebase refuses, each with the field it names; and what it must not refuse."""

from typing import Any

import httpx
import pytest

from hub.demo.fcm.client import Emulator
from tests.hub.fcm_emulator.conftest import SEND, Sending, problem, shown, violations


@pytest.fixture
def phone(emulator: Emulator) -> str:
    return emulator.register_phone("Alice")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"colour": "red"}, "message"),
        ({"_data": {}}, "message"),
        ({"android": {"Priority": "high"}}, "message.android"),
        ({"android": {"notification": {"subtitle": "x"}}}, "message.android.notification"),
        ({"apns": {"aps": {}}}, "message.apns"),
        ({"webpush": {"payload": {}}}, "message.webpush"),
        ({"fcm_options": {"label": "x"}}, "message.fcm_options"),
        ({"data": {"count": 1}}, "message.data[0].value"),
        ({"data": {"ok": "1", "flag": True}}, "message.data[1].value"),
        ({"data": {"nested": {"a": "b"}}}, "message.data[0].value"),
        ({"data": {"nothing": None}}, "message.data[0].value"),
        ({"data": ["a"]}, "message.data"),
        ({"notification": "hello"}, "message.notification"),
        ({"notification": {"title": 7}}, "message.notification.title"),
        ({"android": {"priority": "urgent"}}, "message.android.priority"),
        ({"android": {"priority": "High"}}, "message.android.priority"),
        ({"android": {"ttl": 60}}, "message.android.ttl"),
        ({"android": {"ttl": "60"}}, "message.android.ttl"),
        ({"android": {"ttl": "-1s"}}, "message.android.ttl"),
        ({"android": {"ttl": "1.0000000001s"}}, "message.android.ttl"),
        ({"android": {"collapse_key": 5}}, "message.android.collapse_key"),
        ({"android": {"direct_boot_ok": "yes"}}, "message.android.direct_boot_ok"),
        ({"android": {"data": {"n": 1.5}}}, "message.android.data[0].value"),
        ({"android": {"notification": {"color": "red"}}}, "message.android.notification.color"),
        ({"apns": {"headers": {"apns-priority": 10}}}, "message.apns.headers[0].value"),
        ({"apns": {"payload": "x"}}, "message.apns.payload"),
    ],
)
def test_json_that_does_not_fit_the_schema_is_refused(
    send: Sending, phone: str, message: dict[str, Any], field: str
) -> None:
    answer = send(phone, **message)
    assert problem(answer) == (400, "INVALID_ARGUMENT", None)
    assert violations(answer) == [field]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"data": {"from": "x"}}, "message.data[0].key"),
        ({"data": {"message_type": "x"}}, "message.data[0].key"),
        ({"data": {"ok": "1", "google.sent": "x"}}, "message.data[1].key"),
        ({"data": {"gcm.notification.title": "x"}}, "message.data[0].key"),
        ({"data": {"gcmkey": "x"}}, "message.data[0].key"),
        ({"android": {"data": {"from": "x"}}}, "message.android.data[0].key"),
        ({"webpush": {"data": {"from": "x"}}}, "message.webpush.data[0].key"),
        ({"android": {"ttl": "2419200.1s"}}, "message.android.ttl"),
        ({"data": {"k": "v" * 4096}}, "message"),
        ({"notification": {"body": "é" * 2047}}, "message"),
        ({"apns": {"payload": {"aps": {"alert": "x" * 4090}}}}, "message.apns.payload"),
        ({"apns": {"payload": {"aps": []}}}, "message.apns.payload.aps"),
        ({"apns": {"payload": {"aps": {"alert": 1}}}}, "message.apns.payload.aps"),
        ({"apns": {"headers": {"apns-collapse-id": "x" * 65}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-collapse-id": "é" * 33}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-priority": "7"}}}, "message.apns.headers"),
        (
            {"apns": {"headers": {"apns-priority": "10"}}, "data": {"a": "b"}},
            "message.apns.headers",
        ),
        ({"apns": {"headers": {"apns-push-type": "loud"}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-expiration": "tomorrow"}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-colapse-id": "x"}}}, "message.apns.headers"),
        ({"topic": "news"}, "message"),
    ],
)
def test_a_message_that_breaks_a_documented_rule_is_refused(
    send: Sending, phone: str, message: dict[str, Any], field: str
) -> None:
    answer = send(phone, **message)
    assert problem(answer) == (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    assert violations(answer) == [field]


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"token": "short"}, "message.token"),
        ({"token": ""}, "message.token"),
        ({"token": "x" * 163}, "message.token"),
        ({"fid": "tooshort"}, "message.fid"),
        ({"topic": "/topics/news"}, "message.topic"),
        ({"condition": "everybody"}, "message.condition"),
        ({}, "message"),
    ],
)
def test_a_target_that_cannot_exist_is_the_messages_fault(
    emulator: Emulator, send: Sending, target: dict[str, str], field: str
) -> None:
    answer = send(data=shown("7"), **target)
    assert problem(answer) == (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    assert violations(answer) == [field]


def test_every_wrong_field_is_named_at_once(send: Sending, phone: str) -> None:
    answer = send(phone, data={"a": 1, "b": 2}, colour="red", android={"ttl": "soon"})
    named = ["message.data[0].value", "message.data[1].value", "message.android.ttl", "message"]
    assert violations(answer) == named


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"message": NaN}',
        b"[" * 100000,
        b'{"message": {"data": {"a": "\\ud800"}}}',
        b'{"message": {"a\xed\xa0\x80": 1}}',
    ],
)
def test_a_body_that_is_no_request_is_refused(
    emulator: Emulator, http: httpx.Client, body: bytes
) -> None:
    assert problem(http.post(SEND, content=body))[:2] == (400, "INVALID_ARGUMENT")


def test_a_full_message_is_accepted(send: Sending, phone: str) -> None:
    answer = send(
        phone,
        data=shown("7"),
        notification={"title": "Expenses", "body": "…", "image": "https://example.com/x.png"},
        fcm_options={"analytics_label": "expenses"},
        android={
            "collapse_key": "k",
            "priority": "HIGH",
            "ttl": "3.5s",
            "restricted_package_name": "com.example",
            "data": {"extra": "1"},
            "direct_boot_ok": True,
            "notification": {"tag": "7", "channel_id": "requests", "vibrate_timings": ["0.2s"]},
        },
        apns={
            "headers": {
                "apns-collapse-id": "x" * 64,
                "APNS-Priority": "10",
                "apns-push-type": "alert",
                "apns-expiration": "1893456000",
            },
            "payload": {"aps": {"alert": {"title": "x"}, "sound": "default"}, "own": {"a": [1]}},
        },
        webpush={"headers": {"Urgency": "high"}, "notification": {"silent": True}},
    )
    assert answer.status_code == 200


def test_camel_case_names_and_nulls_mean_the_same_as_to_google(
    emulator: Emulator, http: httpx.Client, phone: str
) -> None:
    message = {"token": phone, "topic": None, "android": {"collapseKey": "k", "ttl": None}}
    answer = http.post(SEND, json={"validateOnly": True, "message": message})
    assert answer.json()["name"].endswith("/fake_message_id")
    message["android"] = {"collapseKey": "k", "collapse_key": "k"}
    assert violations(http.post(SEND, json={"message": message})) == ["message.android"]


def test_exactly_4096_bytes_pass_and_one_more_does_not(send: Sending, phone: str) -> None:
    # "é" is two bytes in UTF-8 and six as JSON may write it: the former is what counts.
    assert send(phone, data={"key": "é" * 2046 + "x"}).status_code == 200
    assert send(phone, data={"key": "é" * 2046 + "xx"}).status_code == 400


def test_a_topic_takes_half_as_much(emulator: Emulator, send: Sending) -> None:
    assert send(topic="news", data={"k": "v" * 2047}).status_code == 200
    assert send(topic="news", data={"k": "v" * 2048}).status_code == 400
    assert send(condition="'a' in topics && 'b' in topics").status_code == 200
