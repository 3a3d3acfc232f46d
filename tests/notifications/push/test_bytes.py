"""The very bytes that leave the premises, for each sensitivity and platform."""

import json

import pytest
import time_machine

from notifications.push import encoding, fcm
from tests.notifications.push import said

WORDS = ("Expense report EXP-2291", "Taxi and hotel, Bengaluru")
GENERIC = ("Expenses", "A request is waiting for your answer.")
NOTHING = ("New message", "Open the app to read it.")
TTL = 172_800
BARE = {"id": said.ID, "type": "notification", "v": "1"}


def data(words, **more):
    return {
        **BARE, "body": words[1], "category": "expense.approval", "kind": "request",
        "title": words[0], "version": "3", **more,
    }  # fmt: skip


def android(kept):
    return {"android": {"priority": "high", "ttl": f"{TTL}s"}, "data": kept}


def ios(words, kept, **more):
    aps = {
        "alert": {"body": words[1], "title": words[0]},
        "mutable-content": 1,
        "sound": "default",
        **more,
    }
    headers = {
        "apns-collapse-id": said.ID,
        "apns-expiration": str(int(said.NOW.timestamp()) + TTL),
        "apns-priority": "10",
        "apns-push-type": "alert",
    }
    return {"apns": {"headers": headers, "payload": {"aps": aps}}, "data": kept}


def web(words, kept):
    shown = {"body": words[1], "tag": said.ID, "title": words[0]}
    headers = {"TTL": str(TTL), "Urgency": "high"}
    return {"data": kept, "webpush": {"headers": headers, "notification": shown}}


BUTTONS = {"category": "request", "thread-id": "expense.approval"}
BYTES = {
    ("android", "public"): android(data(WORDS, channel="requests")),
    ("android", "internal"): android(data(GENERIC, channel="requests")),
    ("android", "restricted"): android(BARE),
    ("ios", "public"): ios(WORDS, data(WORDS), **BUTTONS),
    ("ios", "internal"): ios(GENERIC, data(GENERIC), **BUTTONS),
    ("ios", "restricted"): ios(NOTHING, BARE),
    ("web", "public"): web(WORDS, data(WORDS)),
    ("web", "internal"): web(GENERIC, data(GENERIC)),
    ("web", "restricted"): web(NOTHING, BARE),
}


@pytest.mark.parametrize(("platform", "sensitivity"), BYTES)
@time_machine.travel(said.NOW, tick=False)
def test_these_bytes_leave_and_no_others(platform, sensitivity):
    wording = said.show(platform=platform, sensitivity=sensitivity)
    body = encoding.Encoder(fcm.template).body(said.push("ADDRESS", wording))

    expected = {"message": {**BYTES[platform, sensitivity], "token": "ADDRESS"}}
    assert body == json.dumps(expected, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize("platform", ["android", "ios", "web"])
def test_of_a_restricted_one_neither_sender_nor_category_nor_kind_nor_collapse_key_leaves(platform):
    wording = said.show(platform=platform, sensitivity="restricted", collapse_key="salary-2026")
    body = encoding.Encoder(fcm.template).body(said.push("ADDRESS", wording))

    for word in (*WORDS, "Expenses", "expense.approval", '"request"', "salary", "collapse_key"):
        assert word.encode() not in body
