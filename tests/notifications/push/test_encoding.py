"""A body is what firebase-admin would have sent, whatever stands in words and addresses."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.push import encoding, fcm, shapes, wording
from notifications.push.gateway import Fate, Outcome, Push, Wording
from tests.notifications.push import said


def message(push: Push) -> dict[str, Any]:
    body = encoding.Encoder(fcm.template).body(push)
    assert isinstance(body, bytes)
    decoded: dict[str, Any] = json.loads(body)["message"]
    return decoded


@settings(deadline=None, derandomize=True)
@given(address=st.text(min_size=1), title=st.text(max_size=50), summary=st.text(max_size=50))
def test_address_and_words_come_back_as_they_went_in(
    address: str, title: str, summary: str
) -> None:
    decoded = message(said.push(address, said.show(title=title, summary=summary)))
    assert decoded["token"] == address
    assert (decoded["data"]["title"], decoded["data"]["body"]) == (title, summary)
    assert set(decoded) == {"token", "data", "android"}


words = st.text(max_size=40)
named = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
wordings = st.builds(
    Wording,
    platform=st.sampled_from(["android", "ios", "web"]),
    data=st.dictionaries(st.sampled_from(["v", "type", "id", "title", "body"]), words),
    alert=st.none() | st.tuples(words, words),
    urgent=st.booleans(),
    ttl=st.integers(0, 28 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    tag=st.text(max_size=40),
    collapse_key=named,
    category=named,
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(first=wordings, second=wordings)
def test_splicing_gives_the_very_bytes_that_firebase_admin_would_send(
    first: Wording, second: Wording
) -> None:
    splicing = shapes.Shapes(fcm.message_json)
    alike = dataclasses.replace(
        second, platform=first.platform, urgent=first.urgent, data=first.data, alert=first.alert
    )
    for words in (first, second, alike):
        try:
            expected = fcm.message_json(words, "the-address", "1795772400").encode()
        except ValueError:  # a lone surrogate, which no UTF-8 can say
            with pytest.raises(ValueError, match="surrogates"):
                splicing.template(words, expiration="1795772400")
            continue
        made = splicing.template(words, expiration="1795772400")
        assert made.before + b'"fid":"the-address"' + made.after == expected


@settings(deadline=None, derandomize=True)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=300), more=st.integers(0, 4200)
)
def test_what_is_counted_is_what_the_payload_weighs(title: str, more: int) -> None:
    for platform in ("android", "ios", "web"):
        words = dataclasses.replace(
            said.show(platform=platform), data={"title": title, "body": "x" * more}
        )
        fits = wording.size(data=words.data, alert=words.alert) <= wording.LIMIT_BYTES
        made = fcm.template(words)
        assert isinstance(made, encoding.Template) == fits


def test_an_address_cannot_break_out_of_its_place() -> None:
    decoded = message(said.push('x","topic":"everybody","y":"'))
    assert "topic" not in decoded


def test_the_kind_of_the_address_is_its_member() -> None:
    assert message(said.push("abc", kind="fid"))["fid"] == "abc"
    assert "token" not in message(said.push("abc", kind="fid"))


def test_a_batch_encodes_a_wording_once() -> None:
    calls = []

    def template(words: Wording) -> encoding.Template | Outcome:
        calls.append(words)
        return fcm.template(words)

    encoder = encoding.Encoder(template)
    android, ios = said.show(), said.show(platform="ios")
    bodies = [
        encoder.body(said.push(f"device-{number}", words))
        for number in range(100)
        for words in (android, ios)
    ]
    assert len(set(bodies)) == 200
    assert calls == [android, ios]


def test_the_memory_for_wordings_is_bounded() -> None:
    encoder = encoding.Encoder(fcm.template)
    words = [said.show(title=str(number)) for number in range(3 * encoding.TEMPLATES_KEPT)]
    for number, word in enumerate(words):
        body = encoder.body(said.push("x", word))
        assert isinstance(body, bytes)
        assert json.loads(body)["message"]["data"]["title"] == str(number)
    assert len(encoder._kept) <= encoding.TEMPLATES_KEPT


def test_android_gets_data_only() -> None:
    decoded = message(said.push("x", said.show(collapse_key="status")))
    assert "notification" not in decoded
    assert decoded["android"]["priority"] == "high"
    assert decoded["android"]["ttl"] == "172800s"
    assert decoded["android"]["collapse_key"] == said.show(collapse_key="status").collapse_key
    assert "collapse_key" not in message(said.push("x"))["android"]


def test_an_iphone_gets_an_alert_that_replaces_itself() -> None:
    decoded = message(said.push("x", said.show(platform="ios")))["apns"]
    assert decoded["headers"]["apns-collapse-id"] == said.ID
    assert decoded["headers"]["apns-push-type"] == "alert"
    assert decoded["headers"]["apns-priority"] == "10"
    assert decoded["payload"]["aps"] == {
        "alert": {"title": "Expense report EXP-2291", "body": "Taxi and hotel, Bengaluru"},
        "category": "request", "thread-id": "expense.approval", "sound": "default",
        "mutable-content": 1,
    }  # fmt: skip  # and no badge: the app sets its own, nobody counts for a broadcast


def test_a_clearing_reaches_an_iphone_in_the_background() -> None:
    words = wording.clear(notification_id=said.ID, platform="ios", expires_at=None, now=said.NOW)
    decoded = message(said.push("x", words))["apns"]
    assert decoded["headers"]["apns-push-type"] == "background"
    assert decoded["headers"]["apns-priority"] == "5"
    assert decoded["payload"] == {"aps": {"content-available": 1}}


def test_an_expired_one_is_tried_now_or_never() -> None:
    expired = said.show(platform="ios", expires_at=said.NOW)
    assert message(said.push("x", expired))["apns"]["headers"]["apns-expiration"] == "0"
    assert message(said.push("x", said.show(expires_at=said.NOW)))["android"]["ttl"] == "0s"


def test_a_browser_gets_a_notification_with_the_tag() -> None:
    decoded = message(said.push("x", said.show(platform="web", urgent=False)))["webpush"]
    assert decoded["headers"] == {"TTL": "172800", "Urgency": "normal"}
    assert decoded["notification"]["tag"] == said.ID


@pytest.mark.parametrize(
    ("push", "reason"),
    [
        (said.push("x", said.show(category="c" * 5000)), "too_large"),
        (said.push("x", said.show(title="\ud800")), "invalid_argument"),
        (said.push("x", said.show(platform="android").__class__(
            platform="watch", data={"v": "1"}, alert=None, urgent=False, ttl=said.show().ttl,
            tag="x", collapse_key=None, category=None)), "invalid_argument"),
        (said.push("", said.show()), "invalid_argument"),
        (said.push("x", said.show(), kind="topic"), "invalid_argument"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_our_fault_and_leaves_the_phone_alone(
    push: Push, reason: str
) -> None:
    outcome = encoding.Encoder(fcm.template).body(push)
    assert isinstance(outcome, Outcome)
    assert (outcome.fate, outcome.reason) == (Fate.OURS, reason)


def test_the_block_of_a_browser_has_words_tag_life_and_urgency() -> None:
    decoded = message(said.push("x", said.show(platform="web")))
    title, body = "Expense report EXP-2291", "Taxi and hotel, Bengaluru"
    assert decoded["webpush"] == {
        "headers": {"TTL": "172800", "Urgency": "high"},
        "notification": {"title": title, "body": body, "tag": said.ID},
    }
    assert set(decoded) == {"token", "data", "webpush"}
    quiet = message(said.push("x", said.show(platform="web", urgent=False)))
    assert quiet["webpush"]["headers"]["Urgency"] == "normal"
    cleared = message(said.push("x", said.clear("web")))
    assert "notification" not in cleared["webpush"]


def test_what_is_restricted_is_not_even_grouped_on_an_iphone() -> None:
    decoded = message(said.push("x", said.show(platform="ios", sensitivity="restricted")))
    assert decoded["apns"]["payload"]["aps"].keys() == {"alert", "mutable-content", "sound"}
