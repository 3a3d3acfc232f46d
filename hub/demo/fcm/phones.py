"""Pretend phones: who is registered, who is online, and what lies in whose tray."""

import heapq
import secrets
from dataclasses import dataclass, field
from typing import Any

from hub.demo.fcm import refusals, rules, screen, storage

PLATFORMS = frozenset({"android", "ios", "web"})
RECENT = 50


@dataclass(slots=True)
class Phone:
    """One installation of the app. `fid` is its installation id and the first part of the token."""

    token: str
    fid: str
    platform: str
    label: str
    online: bool = True
    accepted: int = 0  # messages that Firebase accepted for it
    received: int = 0  # of these, handed to it
    synced: int = 0  # times it was told to fetch the change feed, or that messages were dropped
    codes: int = 0  # times a code came that its app has to send back
    dropped: int = 0  # stored messages that it will never see
    active_at: float = 0.0
    tray: dict[str, screen.Item] = field(default_factory=dict)
    stored: list[storage.Stored] = field(default_factory=list)
    overflowed: bool = False  # more than 100 were waiting: all were dropped
    recent: list[dict[str, str]] = field(default_factory=list)  # data of the last messages
    unknown: list[dict[str, str]] = field(default_factory=list)  # types that no app knows

    def described(self, *, with_tray: bool = True) -> dict[str, Any]:
        """The phone as JSON; the newest thing in the tray comes first."""
        answer: dict[str, Any] = {
            "token": self.token, "fid": self.fid, "platform": self.platform, "label": self.label,
            "online": self.online, "accepted": self.accepted, "received": self.received,
            "synced": self.synced, "codes": self.codes, "dropped": self.dropped,
            "stored": len(self.stored), "active_at": self.active_at,
        }  # fmt: skip
        if with_tray:
            items = sorted(self.tray.values(), key=lambda item: item.drawn_at, reverse=True)
            answer["tray"] = [item._asdict() for item in items]
            answer["recent"] = self.recent
            answer["unknown"] = self.unknown
        return answer


class Phones:
    """All registrations. `fast` leaves out storage and trays: for benchmarks."""

    def __init__(self, *, fast: bool = False) -> None:
        self.by_token: dict[str, Phone] = {}
        self.by_fid: dict[str, Phone] = {}
        self.fast = fast
        self.changed = False

    def register(self, *, label: str, platform: str, token: str | None = None) -> Phone:
        """A new phone, or the one that has this token, with its new label and platform.

        Raises ValueError for a platform or a token that does not exist in that shape.
        """
        if platform not in PLATFORMS:
            raise ValueError(f"platform must be one of {', '.join(sorted(PLATFORMS))}")
        if token is not None and not rules.TOKEN.fullmatch(token):
            raise ValueError("token is not a well-formed registration token")
        token = token or new_token()
        self.changed = True
        known = self.by_token.get(token)
        if known is not None:
            known.label, known.platform = label, platform
            return known
        phone = Phone(token, token.partition(":")[0], platform, label)
        self.by_token[token] = self.by_fid[phone.fid] = phone
        return phone

    def unregister(self, token: str) -> bool:
        """Remove the app: its token is UNREGISTERED from now on. False if unknown."""
        phone = self.by_token.pop(token, None)
        if phone is None:
            return False
        self.by_fid.pop(phone.fid, None)
        self.changed = True
        return True

    def addressed(self, message: rules.Message) -> Phone | None:
        """The phone that a message is for; None for topics, which nobody here subscribes to.

        Raises Refusal UNREGISTERED if the token or installation id is not registered.
        """
        if message.target not in {"token", "fid"}:
            return None
        known = self.by_token if message.target == "token" else self.by_fid
        phone = known.get(message.address)
        if phone is None:
            raise refusals.unregistered()
        return phone

    def accept(self, phone: Phone, message: rules.Message, *, name: str, now: float) -> None:
        """Hand an accepted message over, or store it while the phone is offline."""
        phone.accepted += 1
        if self.fast:
            return
        self.changed = True
        if phone.online:
            self._receive(phone, message, name=name, now=now)
        else:
            phone.dropped += storage.hold(phone, message, name=name, now=now)

    def set_online(self, phone: Phone, online: bool, *, now: float) -> None:  # noqa: FBT001
        """Switch the network; coming online delivers what was stored and has not expired."""
        self.changed = True
        phone.online = online
        if not online:
            return
        stored, phone.stored = phone.stored, []
        if phone.overflowed:
            # Android tells the app by onDeletedMessages; a good app then fetches everything.
            phone.overflowed = False
            phone.synced += 1
        for item in stored:
            if item.expires_at > now:
                self._receive(phone, item.message, name=item.name, now=now)
            else:
                phone.dropped += 1

    def _receive(self, phone: Phone, message: rules.Message, *, name: str, now: float) -> None:
        phone.received += 1
        phone.active_at = now
        data = screen.receive(phone, message, name=name, now=now)
        phone.recent.append(data)
        if len(phone.recent) > RECENT:
            del phone.recent[0]

    def kept(self) -> list[dict[str, Any]]:
        """All phones as JSON for the next start; what is stored for offline ones is not kept."""
        return [phone.described() for phone in self.by_token.values()]

    def restore(self, kept: list[dict[str, Any]]) -> None:
        """The reverse of `kept`."""
        for known in kept:
            token, label, platform = known["token"], known["label"], known["platform"]
            phone = self.register(label=label, platform=platform, token=token)
            phone.active_at, phone.online = known["active_at"], known["online"]
            phone.accepted, phone.received = known["accepted"], known["received"]
            phone.tray = {item["tag"]: screen.Item(**item) for item in known["tray"]}
        self.changed = False

    def listed(self, *, query: str = "", limit: int | None = None) -> list[Phone]:
        """Phones whose label contains the query; the most recently active first."""
        wanted = query.casefold()
        found = [p for p in self.by_token.values() if wanted in p.label.casefold()]
        if limit is None:
            return found
        return heapq.nsmallest(limit, found, key=lambda p: (-p.active_at, p.label.casefold()))


def new_token() -> str:
    """A fresh registration token, shaped as Firebase's are; nobody is registered under it yet."""
    fid = secrets.choice("cdef") + secrets.token_urlsafe(24)[:21]
    return f"{fid}:APA91b{secrets.token_urlsafe(102)[:134]}"
