"""What Firebase accepts: the schema first, then the rules that no schema can express.

Choices where the documentation leaves room, always the stricter reading:
- data keys that begin with `google` or `gcm` are refused, not only with `google.` and
  `gcm.notification.`;
- a message's size is the UTF-8 bytes of the keys and values of what a platform receives: common
  and platform's own data, and the notification. 4096 bytes, 2048 to a topic. For iOS it is the
  APNs payload as compact JSON with the data merged into it.
"""

import json
import re
from typing import Any, NamedTuple, NoReturn

from hub.demo.fcm import apns, schema
from hub.demo.fcm.fields import DURATION
from hub.demo.fcm.refusals import Violation, invalid, malformed

SIZE_BYTES = 4096
TOPIC_SIZE_BYTES = 2048
TTL_SECONDS = 28 * 86_400

# `<installation id>:APA91b…` in real life; the middle part is not documented.
TOKEN = re.compile(r"[A-Za-z0-9_-]{11,64}:[A-Za-z0-9_-]{100,400}")
FID = re.compile(r"[cdef][A-Za-z0-9_-]{21}")
_TOPIC = re.compile(r"[a-zA-Z0-9\-_.~%]{1,900}")
_CONDITION_TOPIC = re.compile(r"'[a-zA-Z0-9\-_.~%]+' in topics")


class Message(NamedTuple):
    """A valid message. `target` is token, fid, topic or condition; `address` its value."""

    target: str
    address: str
    data: dict[str, str]
    raw: dict[str, Any]
    dry_run: bool
    size_bytes: int  # of the request's body


def parse(body: bytes) -> Message:
    """The message in a request's body. Raises Refusal (400) that names every wrong field."""
    request = _loaded(body)
    found: list[Violation] = []
    schema.request(request, "", found)
    if found:
        raise malformed(found)
    raw = request.get("message")
    if raw is None:
        raise invalid([Violation("message", "The message is missing.")])
    data = raw.get("data") or {}
    target = _target(raw, found)
    _check_keys(data, "message.data", found)
    if android := raw.get("android"):
        _check_android(android, found)
    if (block := raw.get("apns")) is not None:
        apns.check(block, raw, found)
    if (webpush := raw.get("webpush")) is not None:
        _check_keys(webpush.get("data", {}), "message.webpush.data", found)
    limit = SIZE_BYTES if target in {"token", "fid"} else TOPIC_SIZE_BYTES
    # The body is never shorter than what it says: only a long one has to be measured.
    if len(body) > limit and not found:
        _check_sizes(raw, data, limit, found)
    if found:
        raise invalid(found)
    dry_run = request.get("validate_only", False)
    return Message(target, raw[target], data, raw, dry_run, len(body))


def _loaded(body: bytes) -> Any:
    """The JSON of a body. Raises Refusal (400), also for text that UTF-8 cannot carry."""
    try:
        text = body.decode()
        request = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:  # only an escape can smuggle in half a surrogate pair
            json.dumps(request, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        sentence = f"Invalid JSON payload received. {error}"
        raise malformed([Violation("", sentence)]) from error
    return request


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _target(raw: dict[str, Any], found: list[Violation]) -> str:
    targets = [name for name in ("token", "fid", "topic", "condition") if name in raw]
    if len(targets) != 1:
        sentence = "Exactly one of token, fid, topic or condition must be given."
        found.append(Violation("message", sentence))
        return "token"
    target = targets[0]
    address = raw[target]
    if target == "token" and not TOKEN.fullmatch(address):
        sentence = "The registration token is not a valid FCM registration token"
        found.append(Violation("message.token", sentence))
    elif target == "fid" and not FID.fullmatch(address):
        found.append(Violation("message.fid", "The Firebase installation ID is not valid."))
    elif target == "topic" and not _TOPIC.fullmatch(address):
        found.append(Violation("message.topic", "Invalid topic name."))
    elif target == "condition" and not 1 <= len(_CONDITION_TOPIC.findall(address)) <= 5:
        found.append(Violation("message.condition", "Invalid condition expression."))
    return target


def _check_keys(data: dict[str, str], path: str, found: list[Violation]) -> None:
    for position, key in enumerate(data):
        if key.startswith(("google", "gcm")) or key in {"from", "message_type"}:
            sentence = f"Invalid data payload key: {key}"
            found.append(Violation(f"{path}[{position}].key", sentence))


def _check_android(android: dict[str, Any], found: list[Violation]) -> None:
    if "data" in android:
        _check_keys(android["data"], "message.android.data", found)
    ttl = android.get("ttl")
    if ttl is not None and seconds(ttl) > TTL_SECONDS:
        sentence = f"Invalid ttl {ttl}: at most {TTL_SECONDS}s (four weeks)."
        found.append(Violation("message.android.ttl", sentence))


def seconds(ttl: str) -> float:
    """The number of seconds in a duration that has passed the schema."""
    assert DURATION.fullmatch(ttl)
    return float(ttl[:-1])


def _check_sizes(
    raw: dict[str, Any], data: dict[str, str], limit: int, found: list[Violation]
) -> None:
    notification = raw.get("notification") or {}
    for platform, name in (("android", "Android"), ("webpush", "Web")):
        own = raw.get(platform) or {}
        merged = {**data, **own.get("data", {})}
        shown = {**notification, **own.get("notification", {})}
        size = sum(
            _bytes(part) for item in (merged, shown) for pair in item.items() for part in pair
        )
        if size > limit and (platform == "android" or own):
            sentence = f"{name} message is too big: {size} bytes, {limit} allowed"
            found.append(Violation("message", sentence))
    if "apns" in raw:
        payload = {**data, **raw["apns"].get("payload", {})}
        size = _bytes(payload)
        if size > limit:
            sentence = f"APNS message is too big: {size} bytes, {limit} allowed"
            found.append(Violation("message.apns.payload", sentence))


def _bytes(value: Any) -> int:
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(value.encode())
