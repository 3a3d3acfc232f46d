"""The rules of Apple's push service for the `apns` block (APNs request headers and payload)."""

import re
from collections.abc import Callable
from typing import Any

from hub.demo.fcm.refusals import Violation

COLLAPSE_ID_BYTES = 64
_PUSH_TYPES = frozenset(
    {
        "alert", "background", "location", "voip", "complication", "fileprovider", "mdm",
        "liveactivity", "pushtotalk", "widgets", "controls",
    }
)  # fmt: skip
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEADERS: dict[str, tuple[Callable[[str], object], str]] = {
    "apns-collapse-id": (
        lambda value: 0 < len(value.encode()) <= COLLAPSE_ID_BYTES,
        f"must have 1 to {COLLAPSE_ID_BYTES} bytes",
    ),
    "apns-priority": (lambda value: value in {"1", "5", "10"}, "must be 1, 5 or 10"),
    "apns-push-type": (lambda value: value in _PUSH_TYPES, "is not a known push type"),
    "apns-expiration": (
        lambda value: value.isascii() and value.isdigit() and len(value) <= 12,
        "must be a UNIX time in whole seconds",
    ),
    "apns-id": (_UUID.fullmatch, "must be a UUID"),
    "apns-topic": (len, "must not be empty"),
}


def check(block: dict[str, Any], message: dict[str, Any], found: list[Violation]) -> None:
    """Append what Apple, or Firebase on Apple's behalf, would refuse in this block."""
    headers = block.get("headers") or {}
    for name, value in headers.items():
        lowered = name.lower()
        rule = _HEADERS.get(lowered)
        if rule is None:
            # Apple ignores a header that it does not know; here a misspelt one must be noticed.
            if lowered.startswith("apns-"):
                found.append(Violation("message.apns.headers", f"Unknown header {name}."))
        elif not rule[0](value):
            found.append(Violation("message.apns.headers", f"{name} {rule[1]}."))
    aps = (block.get("payload") or {}).get("aps", {})
    if not isinstance(aps, dict):
        found.append(Violation("message.apns.payload.aps", "aps must be an object."))
        return
    if not isinstance(aps.get("alert", ""), str | dict):
        found.append(Violation("message.apns.payload.aps", "alert must be a string or an object."))
    visible = "notification" in message or not aps.keys().isdisjoint({"alert", "badge", "sound"})
    # "When sending payloads containing only data fields to iOS devices, only normal priority
    # ("apns-priority": "5") is allowed."
    if not visible and header(headers, "apns-priority") == "10":
        sentence = "A message without alert, badge or sound must have apns-priority 5."
        found.append(Violation("message.apns.headers", sentence))


def header(headers: dict[str, str], name: str) -> str:
    """The value of a header whatever its capitals; empty if it is not there."""
    value = headers.get(name)
    if value is not None:
        return value
    return next((value for key, value in headers.items() if key.lower() == name), "")
