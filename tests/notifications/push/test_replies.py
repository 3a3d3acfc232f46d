"""Each reply of FCM, and of what may stand between: later, gone or ours."""

import json
from datetime import timedelta
from typing import Any

import pytest

from notifications.push import replies
from notifications.push.gateway import Fate, Outcome
from notifications.push.transport import Reply

FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


def refusal(status: int, code: str = "", *, fields: tuple[str, ...] = (), wait: int = 0) -> Reply:
    details: list[dict[str, Any]] = [{"@type": FCM, "errorCode": code}] if code else []
    if fields:
        violations = [{"field": field, "description": "Invalid."} for field in fields]
        details.append({"@type": BAD_REQUEST, "fieldViolations": violations})
    error = {"code": status, "message": "Refused.", "status": "X", "details": details}
    return Reply(status, json.dumps({"error": error}).encode(), retry_after_seconds=wait)


def test_a_name_means_sent() -> None:
    outcome = replies.read(Reply(200, b'{"name": "projects/p/messages/1"}'))
    assert outcome == Outcome(Fate.SENT, name="projects/p/messages/1")


@pytest.mark.parametrize(
    ("reply", "fate", "reason", "stop_lane"),
    [
        (refusal(404, "UNREGISTERED"), "gone", "unregistered", False),
        (refusal(400, "INVALID_ARGUMENT", fields=("message.token",)), "gone", "bad_token", False),
        (refusal(400, "INVALID_ARGUMENT", fields=("message.fid",)), "gone", "bad_token", False),
        (refusal(403, "SENDER_ID_MISMATCH"), "ours", "sender_id_mismatch", False),
        (refusal(401, "THIRD_PARTY_AUTH_ERROR"), "ours", "third_party_auth", False),
        (refusal(401), "ours", "unauthenticated", True),
        (refusal(403), "ours", "permission_denied", True),
        (refusal(400, "INVALID_ARGUMENT"), "ours", "invalid_argument", False),
        (refusal(413), "ours", "too_large", False),
        (refusal(499), "ours", "invalid_argument", False),
        (refusal(429, "QUOTA_EXCEEDED"), "later", "quota_exceeded", False),
        (refusal(500, "INTERNAL"), "later", "internal", False),
        (refusal(503, "UNAVAILABLE"), "later", "unavailable", False),
        (Reply(502, b"<html>Bad gateway</html>"), "later", "unavailable", False),
        (Reply(408, b""), "later", "timeout", False),
        (Reply(302, b""), "later", "unexpected_reply", False),
        (Reply(204, b""), "later", "unexpected_reply", False),
        (Reply(0, b"", error="timeout"), "later", "timeout", False),
        (Reply(0, b"", error="network"), "later", "network", False),
    ],
)
def test_each_reply_has_one_meaning(reply: Reply, fate: str, reason: str, stop_lane: bool) -> None:
    outcome = replies.read(reply)
    assert (outcome.fate, outcome.reason, outcome.stop_lane) == (fate, reason, stop_lane)
    assert (outcome.retry_after is not None) == (fate == "later")


@pytest.mark.parametrize(
    "fields",
    [("message.data[0].key",), ("message.token", "message.android.ttl"), ("message",), ("",)],
)
def test_a_malformed_message_never_costs_a_phone_its_address(fields: tuple[str, ...]) -> None:
    assert replies.read(refusal(400, "INVALID_ARGUMENT", fields=fields)).fate is Fate.OURS


@pytest.mark.parametrize(
    "body",
    [
        b"<html>404</html>",
        b"{}",
        b'{"error": "UNREGISTERED"}',
        b'{"error": {"code": 404, "status": "NOT_FOUND", "message": "UNREGISTERED"}}',
        b'{"error": {"details": [{"@type": "other", "errorCode": "UNREGISTERED"}]}}',
    ],
)
def test_a_404_that_is_not_fcms_own_word_is_a_wrong_address_of_ours(body: bytes) -> None:
    outcome = replies.read(Reply(404, body))
    assert (outcome.fate, outcome.stop_lane) == (Fate.OURS, True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 60_000, b'{"name": 7}', b'{"name": ""}',
        b"<html>Sign in to the guest network</html>", b'{"error": {"details": [7, {"@type": 7}]}}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_harms_nobody(body: bytes) -> None:
    # It may have been delivered or not: the repeat replaces itself by its tag.
    assert replies.read(Reply(200, body)).reason == "unreadable"
    assert replies.read(Reply(400, body)).reason == "invalid_argument"
    assert replies.read(Reply(503, body)).fate is Fate.LATER


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (refusal(429, wait=7), 7),
        (refusal(429), 60),  # absent, in the past or nonsense
        (refusal(429, wait=-5), 60),
        (refusal(429, wait=10**9), 3600),
        (refusal(503), 10),
        (refusal(503, wait=3), 10),
        (refusal(503, wait=120), 120),
        (Reply(0, b"", error="timeout"), 10),
    ],
)
def test_the_wait_is_fcms_where_it_makes_sense_and_never_too_short(
    reply: Reply, seconds: int
) -> None:
    assert replies.read(reply).retry_after == timedelta(seconds=seconds)
