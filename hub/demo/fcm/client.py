"""A small client of the emulator's control interface, for tests, the demo and benchmarks."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict


class TrayItem(TypedDict):
    """One entry of a phone's tray."""

    tag: str
    title: str
    text: str
    kind: str
    category: str
    generic: bool
    drawn_at: float
    times: int


class Phone(TypedDict):
    """A pretend phone; see `hub.demo.fcm.phones.Phone`."""

    token: str
    fid: str
    platform: str
    label: str
    online: bool
    accepted: int
    received: int
    synced: int
    codes: int
    dropped: int
    stored: int
    active_at: float
    tray: list[TrayItem]
    recent: list[dict[str, str]]
    unknown: list[dict[str, str]]


class Entry(TypedDict):
    """One request to send; see `hub.demo.fcm.journal.Entry`."""

    n: int
    at: float
    token: str
    phone: str
    status: int
    error: str
    name: str
    http_version: str
    size_bytes: int
    delivered: bool
    dry_run: bool
    message: dict[str, Any] | None


class Refused(Exception):
    """The emulator did not accept a command; the message has its sentence."""


class Emulator:
    """Steers a running emulator. `base_url` is its page, or its endpoint and then with its CA."""

    def __init__(self, base_url: str, ca_file: Path | str | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if ca_file is not None:
            context = ssl.create_default_context(cafile=str(ca_file))
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def register_phone(
        self, label: str, platform: str = "android", *, token: str | None = None
    ) -> str:
        """Put the app on a pretend phone (android, ios or web); its registration token."""
        given = {"label": label, "platform": platform}
        if token is not None:
            given["token"] = token
        registered: str = self._call("POST", "phones", given)["token"]
        return registered

    def register_phones(
        self, count: int, *, label: str = "", platform: str = "android"
    ) -> list[str]:
        """Many phones at once (at most 100,000); their tokens."""
        given = {"label": label, "platform": platform, "count": count}
        tokens: list[str] = self._call("POST", "phones", given)["tokens"]
        return tokens

    def unregister(self, token: str) -> None:
        """Remove the app: from now on the token is UNREGISTERED."""
        self._call("DELETE", f"phones/{token}")

    def phones(self) -> list[Phone]:
        """All phones."""
        phones: list[Phone] = self._call("GET", "phones")["phones"]
        return phones

    def phone(self, token: str) -> Phone:
        """One phone. Raises Refused if it isn't registered."""
        phone: Phone = self._call("GET", f"phones/{token}")
        return phone

    def tray(self, token: str) -> list[TrayItem]:
        """What is on the phone's screen, the newest first."""
        return self.phone(token)["tray"]

    def set_online(self, token: str, online: bool) -> Phone:  # noqa: FBT001
        """Switch a phone's network; coming online hands it what was stored."""
        phone: Phone = self._call("PUT", f"phones/{token}/online", {"online": online})
        return phone

    def script(self, token: str, behaviours: Sequence[str | Mapping[str, Any]]) -> None:
        """Set the script of a token, of `*` or of `oauth` (the token endpoint); [] ends it."""
        self._call("PUT", f"scripts/{token}", {"behaviours": list(behaviours)})

    def scripts(self) -> dict[str, list[dict[str, Any]]]:
        """The behaviours still to come, by key."""
        scripts: dict[str, list[dict[str, Any]]] = self._call("GET", "scripts")
        return scripts

    def clear_scripts(self) -> None:
        """End every script."""
        self._call("DELETE", "scripts")

    def messages(self, after: int = 0, *, token: str = "", limit: int = 1000) -> list[Entry]:
        """Requests to send with a number above `after`, the oldest first."""
        query = urllib.parse.urlencode({"after": after, "token": token, "limit": limit})
        entries: list[Entry] = self._call("GET", f"messages?{query}")["entries"]
        return entries

    def counters(self) -> dict[str, Any]:
        """Totals since the last `clear_log`: accepted, refused, errors by code, connections, …"""
        counters: dict[str, Any] = self._call("GET", "counters")
        return counters

    def clear_log(self) -> None:
        """Empty the journal and its counters."""
        self._call("DELETE", "messages")

    def settings(self, **changes: int) -> dict[str, int]:
        """Change settings (latency_ms, quota_per_minute, …); all settings afterwards."""
        settings: dict[str, int] = self._call("PUT", "settings", changes)
        return settings

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.base_url}/emulator/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with self._opener.open(request, timeout=30) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            with error:
                sentence = json.loads(error.read()).get("error", error.reason)
            raise Refused(f"{method} {path.partition('?')[0]}: {sentence}") from None
        return json.loads(content) if content else None
