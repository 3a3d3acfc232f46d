"""Everything the emulator knows, in one object: what the doors share."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.demo.fcm import refusals
from hub.demo.fcm.credentials import PROJECT, Account
from hub.demo.fcm.journal import Journal
from hub.demo.fcm.phones import Phones
from hub.demo.fcm.script import Scripts
from hub.demo.fcm.tokens import Tokens


@dataclass
class Settings:
    """What may be changed while it runs. A quota of nought means none."""

    latency_ms: int = 0
    quota_per_minute: int = 0
    access_token_seconds: int = 3600
    clock_offset_seconds: int = 0


class World:
    """One emulated project with its phones, scripts and journal."""

    def __init__(self, account: Account, *, log: Path | None = None, fast: bool = False) -> None:
        self.project = PROJECT
        self.settings = Settings()
        self.tokens = Tokens(account)
        self.phones = Phones(fast=fast)
        self.scripts = Scripts()
        self.journal = Journal(log)
        self._minute, self._in_minute = 0, 0
        self._number = time.time_ns()

    def now(self) -> float:
        """UNIX time, moved by the clock offset."""
        return time.time() + self.settings.clock_offset_seconds

    def name(self) -> str:
        """The name of the next message, shaped as Firebase's are."""
        self._number += 1
        micros, rest = divmod(self._number, 1000)
        return f"projects/{self.project}/messages/0:{micros}%{rest:016x}"

    def count_against_quota(self, *, now: float) -> None:
        """Raises Refusal 429 when the project's messages of this minute are used up."""
        allowed = self.settings.quota_per_minute
        if not allowed:
            return
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        self._in_minute += 1
        if self._in_minute > allowed:
            left = str(60 - int(now % 60))
            raise refusals.quota_exceeded(f"project:{self.project}", left)

    def change_settings(self, given: dict[str, Any]) -> None:
        """Set the named settings. Raises ValueError with a sentence."""
        known = vars(self.settings)
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"unknown setting {name}; there are {', '.join(known)}")
            if type(value) is not int or (value < 0 and name != "clock_offset_seconds"):
                raise ValueError(f"{name} must be a whole number, not negative")
        known.update(given)
        self.tokens.life_seconds = self.settings.access_token_seconds


def load_phones(world: World, path: Path) -> None:
    """Register the phones that an earlier start left, with their trays."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    world.phones.restore(kept)


def save_phones(world: World, path: Path) -> None:
    """Keep the phones for the next start, if anything changed since the last time."""
    if not world.phones.changed:
        return
    world.phones.changed = False
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(world.phones.kept(), ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)
