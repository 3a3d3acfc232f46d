"""What the app (or the system for it) does with a push: the contract's payload, drawn.

`data.type`: `notification` draws an entry with tag = id, which replaces the same tag; `clear`
removes it; `changes` fetches the change feed; `activate` is echoed by the app's own HTTP call.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from hub.demo.fcm import apns, rules

if TYPE_CHECKING:
    from hub.demo.fcm.phones import Phone

GENERIC_TITLE = "Something waits for you"
GENERIC_TEXT = "Open the app to see it."
UNKNOWN_AT_MOST = 20


class Item(NamedTuple):
    """One entry on screen. `times` counts how often it was drawn: a repeat replaces itself."""

    tag: str
    title: str
    text: str
    kind: str
    category: str
    generic: bool  # nothing of the content was in the push
    drawn_at: float
    times: int


def receive(phone: "Phone", message: rules.Message, *, name: str, now: float) -> dict[str, str]:
    """Let the phone's app act on a message; the data it saw."""
    if phone.platform == "ios":
        return _receive_ios(phone, message, name=name, now=now)
    own = message.raw.get("android" if phone.platform == "android" else "webpush") or {}
    data = {**message.data, **own.get("data", {})}
    shown = {**(message.raw.get("notification") or {}), **own.get("notification", {})}
    if shown:  # the system draws it and the app is not asked
        tag = shown.get("tag") or data.get("id") or name
        _draw(phone, str(tag), shown, data, now=now)
    else:
        _act(phone, data, now=now)
    return data


def _receive_ios(
    phone: "Phone", message: rules.Message, *, name: str, now: float
) -> dict[str, str]:
    block = message.raw.get("apns") or {}
    payload: dict[str, Any] = block.get("payload") or {}
    custom = {k: v for k, v in payload.items() if k != "aps" and isinstance(v, str)}
    data = {**message.data, **custom}
    alert = payload.get("aps", {}).get("alert") or message.raw.get("notification")
    if alert:
        shown = {"title": "", "body": alert} if isinstance(alert, str) else alert
        tag = apns.header(block.get("headers") or {}, "apns-collapse-id") or name
        _draw(phone, tag, shown, data, now=now)
    else:
        _act(phone, data, now=now)
    return data


def _act(phone: "Phone", data: dict[str, str], *, now: float) -> None:
    kind = data.get("type")
    if kind == "notification" and data.get("id"):
        _draw(phone, data["id"], data, data, now=now)
    elif kind == "clear" and data.get("id"):
        phone.tray.pop(data["id"], None)
    elif kind == "changes":
        phone.synced += 1
    elif kind == "activate":
        phone.codes += 1
    else:
        phone.unknown.append(data)
        del phone.unknown[:-UNKNOWN_AT_MOST]


def _draw(
    phone: "Phone", tag: str, shown: dict[str, Any], data: dict[str, str], *, now: float
) -> None:
    before = phone.tray.get(tag)
    title, text = str(shown.get("title") or ""), str(shown.get("body") or "")
    generic = not (title or text)
    phone.tray[tag] = Item(
        tag=tag,
        title=GENERIC_TITLE if generic else title,
        text=GENERIC_TEXT if generic else text,
        kind=data.get("kind", ""),
        category=data.get("category", ""),
        generic=generic,
        drawn_at=now,
        times=before.times + 1 if before else 1,
    )
