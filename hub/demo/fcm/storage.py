"""What Firebase and Apple keep for a phone that is offline.

- Android and web: at most 100 messages without a collapse key; one more and all of them are
  dropped, and the app learns of it when it comes back. A message with a collapse key replaces the
  stored one with the same key, and a device has at most four keys (which ones survive is not
  promised; here the oldest goes). Every *notification* message without a key has the app's own
  key: only the last one is delivered.
- iOS: alerts replace each other by `apns-collapse-id`; of background pushes only the latest is
  kept.
- Whatever is older than its time to live (default four weeks) is never delivered; nought means
  now or never.
"""

from typing import TYPE_CHECKING, NamedTuple

from hub.demo.fcm import apns, rules

if TYPE_CHECKING:
    from hub.demo.fcm.phones import Phone

STORED_AT_MOST = 100
COLLAPSE_KEYS_AT_MOST = 4
_APP = "\0app"  # the collapse key of notification messages that name none
_BACKGROUND = "\0background"


class Stored(NamedTuple):
    """A message that waits: what it may replace (`key`; empty: nothing), until when it is good."""

    message: rules.Message
    name: str
    key: str
    expires_at: float


def hold(phone: "Phone", message: rules.Message, *, name: str, now: float) -> int:
    """Store a message for an offline phone; how many messages that lost (expired, overflow)."""
    key, expires_at = _terms(phone.platform, message, now=now)
    if expires_at <= now:
        return 1
    item = Stored(message, name, key, expires_at)
    if key:
        phone.stored = [held for held in phone.stored if held.key != key]
        phone.stored.append(item)
        return _forget_oldest_key(phone) if phone.platform != "ios" else 0
    waiting = sum(not held.key for held in phone.stored)
    if waiting < STORED_AT_MOST:
        phone.stored.append(item)
        return 0
    if phone.platform == "ios":  # Apple documents no number and no marker: the oldest goes
        oldest = next(n for n, held in enumerate(phone.stored) if not held.key)
        del phone.stored[oldest]
        phone.stored.append(item)
        return 1
    phone.stored = [held for held in phone.stored if held.key]
    phone.overflowed = True
    return waiting + 1


def _forget_oldest_key(phone: "Phone") -> int:
    keys = [held.key for held in phone.stored if held.key]
    if len(keys) <= COLLAPSE_KEYS_AT_MOST:
        return 0
    phone.stored = [held for held in phone.stored if held.key != keys[0]]
    return 1


def _terms(platform: str, message: rules.Message, *, now: float) -> tuple[str, float]:
    """The collapse key and the expiry of a message on a platform."""
    raw = message.raw
    latest = now + rules.TTL_SECONDS
    if platform == "ios":
        block = raw.get("apns") or {}
        headers = block.get("headers") or {}
        expiration = apns.header(headers, "apns-expiration")
        expires_at = min(float(expiration), latest) if expiration else latest
        collapse_id = apns.header(headers, "apns-collapse-id")
        visible = "notification" in raw or "alert" in (block.get("payload") or {}).get("aps", {})
        return collapse_id or ("" if visible else _BACKGROUND), expires_at
    if platform == "web":
        headers = {k.lower(): v for k, v in (raw.get("webpush") or {}).get("headers", {}).items()}
        ttl = headers.get("ttl", "")
        expires_at = min(now + float(ttl), latest) if ttl.isascii() and ttl.isdigit() else latest
        return headers.get("topic", ""), expires_at
    android = raw.get("android") or {}
    ttl = android.get("ttl")
    expires_at = latest if ttl is None else now + rules.seconds(ttl)
    shown = "notification" in raw or "notification" in android
    return android.get("collapse_key") or (_APP if shown else ""), expires_at
