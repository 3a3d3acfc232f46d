"""What a reply of FCM's HTTP v1 API means for one push: sent, later, gone or ours. Pure.

Only a reply that is certainly FCM's own word about this address may cost a device its address:
an `FcmError` of code UNREGISTERED, or field violations that name the address and nothing else.
A bare 404 or an HTML page is a wrong URL or a proxy, and says nothing about the phone.
https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from notifications.push import transport
from notifications.push.gateway import Fate, Outcome

FIRST_WAIT = timedelta(seconds=10)  # FCM asks for at least this after a 5xx or a time-out
QUOTA_WAIT = timedelta(seconds=60)  # its buckets fill up by the minute
LONGEST_WAIT = timedelta(hours=1)  # a larger Retry-After is nonsense

# What FCM answers nearly always, read without a parser; whatever else is JSON is parsed.
_ACCEPTED = re.compile(rb'\s*{\s*"name"\s*:\s*"([!#-\[\]-~]+)"\s*}\s*')
_FCM_ERROR = "google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "google.rpc.BadRequest"
_ADDRESS_FIELDS = frozenset({"message.token", "message.fid"})


def read(reply: transport.Reply) -> Outcome:
    """The outcome of one push. Never raises, whatever the reply holds.

    A 200 that cannot be read is `later`: it may have been delivered, then the repeat replaces
    itself on screen by its tag; or a portal answered, and nothing was delivered at all.
    """
    if reply.error:
        return later(reply.error)
    if reply.status == 200 and (plain := _ACCEPTED.fullmatch(reply.body)):
        return Outcome(Fate.SENT, name=plain[1].decode())
    content = parsed(reply.body)
    if reply.status == 200:
        name = content.get("name")
        if isinstance(name, str) and name:
            return Outcome(Fate.SENT, name=name)
        return later("unreadable")
    return _refusal(reply, _mapping(content.get("error")))


def later(reason: str, wait: timedelta = FIRST_WAIT) -> Outcome:
    """The same push again, not before `wait`."""
    return Outcome(Fate.LATER, reason, retry_after=wait)


def ours(reason: str, *, stop_lane: bool = False) -> Outcome:
    """Our message or our credentials; the device is innocent."""
    return Outcome(Fate.OURS, reason, stop_lane=stop_lane)


# FCM's own words; anything else with the same status is a wrong URL, a wrong project or a proxy.
_BY_CODE = {
    (404, "UNREGISTERED"): Outcome(Fate.GONE, "unregistered"),
    (403, "SENDER_ID_MISMATCH"): ours("sender_id_mismatch"),
    # The APNs or web push key: the other platforms of this lane are not concerned.
    (401, "THIRD_PARTY_AUTH_ERROR"): ours("third_party_auth"),
    (403, "THIRD_PARTY_AUTH_ERROR"): ours("third_party_auth"),
}
_BY_STATUS = {
    401: ours("unauthenticated", stop_lane=True),
    403: ours("permission_denied", stop_lane=True),
    404: ours("not_found", stop_lane=True),
    405: ours("not_found", stop_lane=True),
    408: later("timeout"),
    413: ours("too_large"),
}


def _refusal(reply: transport.Reply, error: Mapping[str, Any]) -> Outcome:
    status = reply.status
    known = _BY_CODE.get((status, _error_code(error))) or _BY_STATUS.get(status)
    if known is not None:
        return known
    if status == 429:
        return later("quota_exceeded", _wait(reply, QUOTA_WAIT))
    if status >= 500:
        return later("internal" if status == 500 else "unavailable", _wait(reply, FIRST_WAIT))
    if status == 400:
        return _bad_request(error)
    if status > 400:
        return ours("invalid_argument")
    return later("unexpected_reply")  # 1xx, 2xx but 200, 3xx: something stands between us


def _bad_request(error: Mapping[str, Any]) -> Outcome:
    """FCM says INVALID_ARGUMENT to a malformed message and to a malformed address alike."""
    fields = {
        violation.get("field")
        for detail in _details(error, _BAD_REQUEST)
        for violation in _mappings(detail.get("fieldViolations"))
    }
    if fields and fields <= _ADDRESS_FIELDS:
        return Outcome(Fate.GONE, "bad_token")
    message = error.get("message")
    if isinstance(message, str) and (
        "too big" in message.lower() or "too large" in message.lower()
    ):
        return ours("too_large")
    return ours("invalid_argument")


def _wait(reply: transport.Reply, least: timedelta) -> timedelta:
    """Retry-After, where it is one; FCM's own first wait otherwise, and never a shorter one."""
    if reply.retry_after_seconds <= 0:
        return least
    asked = timedelta(seconds=min(reply.retry_after_seconds, LONGEST_WAIT // timedelta(seconds=1)))
    return asked if reply.status == 429 else max(asked, least)


def _error_code(error: Mapping[str, Any]) -> str:
    for detail in _details(error, _FCM_ERROR):
        code = detail.get("errorCode")
        if isinstance(code, str):
            return code
    return ""


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    for detail in _mappings(error.get("details")):
        if str(detail.get("@type", "")).endswith(f"/{kind}"):
            yield detail


def parsed(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body; empty where it is none."""
    try:
        return _mapping(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
