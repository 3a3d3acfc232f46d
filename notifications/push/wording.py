"""What may leave the building: the payload of a push, by sensitivity and platform.

Pure. Whatever a push says is read by Google and Apple and lies on a lock screen, so the
sender's words are left out unless the category is public (product.md, "Rules of a request").
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import regex

from notifications.phrases import DEFAULT, Phrases, of
from notifications.push import gateway

FORMAT = "1"  # of the payload; it changes only if an old app could misread the new one
LONGEST_TTL = timedelta(days=28)  # FCM refuses more
# A card that is already on a screen outlives its notification, so its clearing must be kept
# for a phone that is off when the notification expires.
SHORTEST_CLEAR_TTL = timedelta(days=1)

LIMIT_BYTES = 4096  # FCM and APNs alike
# On its way to an iPhone or a browser the payload grows: the aps dictionary, FCM's own keys
# (gcm.message_id, google.c.*); APNs counts them all.
RESERVED_BYTES = {"android": 0, "ios": 512, "web": 512}
MOST_BYTES = 6  # of one letter in JSON
FRAME_BYTES = 256  # more than the names of all members and their punctuation

ELLIPSIS = "…"
ENGLISH = of(DEFAULT)
HIDDEN = ("New message", "Open the app to read it.")
GENERIC_BODY = {
    "notice": "You have a new message.",
    "acknowledgement": "Please confirm that you have read a message.",
    "request": "A request is waiting for your answer.",
}
REFUSED_BODY = "Your decision could not be carried out."
GATHERED = ("You have %(count)s new message.", "You have %(count)s new messages.")
# A phone that is off for longer has another one by then.
DIGEST_TTL = timedelta(days=2)
# Kinds an app can answer from the lock screen; it registers one set of buttons for each.
ANSWERABLE = frozenset({"request", "acknowledgement"})


def show(
    *,
    notification_id: str,
    version: int,
    kind: str,
    category: str,
    subsystem_name: str,
    sensitivity: str,
    title: str,
    summary: str,
    platform: str,
    urgent: bool,
    expires_at: datetime | None,
    collapse_key: str | None,
    silent: bool,
    now: datetime,
    phrases: Phrases = ENGLISH,
) -> gateway.Wording:
    """The wording that puts a notification on the screens of one platform.

    The hub's own words are taken from `phrases`, the sender's as they are.
    `sensitivity` public: the sender's title and summary; internal: the sub-system's name and a
    line by kind; anything else is taken for restricted: payload format, type and id only, no
    buttons, no sender's collapse key. `silent`: nothing is drawn, the app is told to fetch
    (type `changes`). `version` is the notification's, which an answer has to quote.
    At most 4096 bytes: the body gives way first, then the title, on grapheme boundaries.
    """
    ttl = _ttl(expires_at, now)
    if silent:
        return _background("changes", notification_id, platform, ttl)
    data = {"v": FORMAT, "type": "notification", "id": notification_id}
    if sensitivity not in {"public", "internal"}:
        return gateway.Wording(
            platform=platform,
            data=data,
            alert=None if platform == "android" else (phrases(HIDDEN[0]), phrases(HIDDEN[1])),
            urgent=urgent,
            ttl=ttl,
            tag=notification_id,
            collapse_key=None,
            category=None,
        )
    data |= {"kind": kind, "category": category, "version": str(version)}
    if platform == "android":
        data["channel"] = channel(kind=kind, urgent=urgent)
    if sensitivity == "internal":
        title = subsystem_name
        summary = phrases(GENERIC_BODY.get(kind, GENERIC_BODY["notice"]))
    title, body = _fit(title, summary, data=data, platform=platform)
    return gateway.Wording(
        platform=platform,
        data=data | {"title": title, "body": body},
        alert=None if platform == "android" else (title, body),
        urgent=urgent,
        ttl=ttl,
        tag=notification_id,
        collapse_key=_collapse_key(subsystem_name, collapse_key) if platform == "android" else None,
        category=kind if platform == "ios" and kind in ANSWERABLE else None,
    )


def refused(
    *,
    notification_id: str,
    version: int,
    category: str,
    subsystem_name: str,
    sensitivity: str,
    title: str,
    sentence: str,
    platform: str,
    now: datetime,
    phrases: Phrases = ENGLISH,
) -> gateway.Wording:
    """The wording that tells who decided that the sub-system refused it.

    Public: the title and the sub-system's sentence; internal: its name and a fixed line;
    restricted: as in `show`. It says kind `notice`: there is nothing to answer any more.
    """
    is_public = sensitivity == "public"
    return show(
        notification_id=notification_id,
        version=version,
        kind="notice",
        category=category,
        subsystem_name=subsystem_name,
        sensitivity="public" if sensitivity == "internal" else sensitivity,
        title=title if is_public else subsystem_name,
        summary=(sentence if is_public else "") or phrases(REFUSED_BODY),
        platform=platform,
        urgent=True,
        expires_at=None,
        collapse_key=None,
        silent=False,
        now=now,
        phrases=phrases,
    )


def digest(
    *, digest_id: str, hub: str, count: int, platform: str, phrases: Phrases = ENGLISH
) -> gateway.Wording:
    """The wording that tells how many notices were gathered, and nothing of any of them."""
    body = phrases.counted(*GATHERED, count=count)
    data = {"v": FORMAT, "type": "digest", "id": digest_id}
    if platform == "android":
        data["channel"] = channel(kind="notice", urgent=False)
    title, body = _fit(hub, body, data=data, platform=platform)
    return gateway.Wording(
        platform=platform,
        data=data | {"title": title, "body": body},
        alert=None if platform == "android" else (title, body),
        urgent=False,
        ttl=DIGEST_TTL,
        tag=digest_id,
        collapse_key=None,
        category=None,
    )


def channel(*, kind: str, urgent: bool) -> str:
    """The Android channel the app draws it in: people set sound and vibration for each."""
    if kind == "request":
        return "requests"
    return "urgent" if urgent else "notices"


def clear(
    *, notification_id: str, platform: str, expires_at: datetime | None, now: datetime
) -> gateway.Wording:
    """The wording that takes a notification off the screens: drawn by nobody, so never urgent.

    Its time to live ends with the notification, but no sooner than in one day.
    """
    ttl = max(_ttl(expires_at, now), SHORTEST_CLEAR_TTL)
    return _background("clear", notification_id, platform, ttl)


def activate(*, code: str, platform: str, ttl: timedelta) -> gateway.Wording:
    """The wording that carries a code to an address that is to be proved, and nothing else.

    Drawn by nobody, and never urgent: the app has just registered the address, so it is awake.
    """
    return _background("activate", code, platform, min(ttl, LONGEST_TTL))


def size(*, data: Mapping[str, str], alert: tuple[str, str] | None) -> int:
    """Bytes of the payload as JSON in UTF-8: never less than what FCM or APNs will count."""
    content: dict[str, object] = {"data": dict(data)}
    if alert is not None:
        content["alert"] = {"title": alert[0], "body": alert[1]}
    return _bytes(content)


def _background(
    message_type: str, notification_id: str, platform: str, ttl: timedelta
) -> gateway.Wording:
    return gateway.Wording(
        platform=platform,
        data={"v": FORMAT, "type": message_type, "id": notification_id},
        alert=None,
        urgent=False,  # FCM demotes an app whose urgent messages draw nothing
        ttl=ttl,
        tag=notification_id,
        collapse_key=None,
        category=None,
    )


def _ttl(expires_at: datetime | None, now: datetime) -> timedelta:
    if expires_at is None:
        return LONGEST_TTL
    left = min(max(expires_at - now, timedelta(0)), LONGEST_TTL)
    return timedelta(seconds=left // timedelta(seconds=1))


def _collapse_key(subsystem_name: str, collapse_key: str | None) -> str | None:
    """A digest: two senders' equal keys stay apart, and the sender's word stays here."""
    if collapse_key is None:
        return None
    return hashlib.sha256(f"{subsystem_name}\0{collapse_key}".encode()).hexdigest()[:16]


def _fit(title: str, body: str, *, data: Mapping[str, str], platform: str) -> tuple[str, str]:
    """Title and body, each shortened as far as needed, the body first."""
    copies = 1 if platform == "android" else 2  # in the data, and in the alert
    letters = (len(title) + len(body)) * copies + sum(map(len, data.values()))
    if letters * MOST_BYTES + RESERVED_BYTES[platform] + FRAME_BYTES <= LIMIT_BYTES:
        return title, body  # however they are written, they fit
    alert = None if platform == "android" else ("", "")
    spare = LIMIT_BYTES - RESERVED_BYTES[platform]
    spare -= size(data=dict(data) | {"title": "", "body": ""}, alert=alert)
    title_bytes, body_bytes = _inner(title) * copies, _inner(body) * copies
    if title_bytes + body_bytes <= spare:
        return title, body
    last = ELLIPSIS if body else ""  # what remains of the body when the title needs the room
    if title_bytes + _inner(last) * copies <= spare:
        return title, _shorten(body, (spare - title_bytes) // copies)
    return _shorten(title, spare // copies - _inner(last)), last


def _shorten(text: str, most_bytes: int) -> str:
    """The longest run of whole graphemes (UAX 29) that fits with an ellipsis after it."""
    left = most_bytes - _inner(ELLIPSIS)
    kept: list[str] = []
    for match in regex.finditer(r"\X", text):
        left -= _inner(match.group())
        if left < 0:
            break
        kept.append(match.group())
    return "".join(kept).rstrip() + ELLIPSIS


def _inner(text: str) -> int:
    return _bytes(text) - 2  # without the quotes


def _bytes(value: object) -> int:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="replace"))  # a lone surrogate is refused at the door, not here
