"""What the pretend sub-system received and how it answers; in memory and in a file."""

import json
import threading
from collections import deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

KEPT = 1000  # events shown; the file keeps all


@dataclass(frozen=True)
class Script:
    """How the next callbacks are answered. `times` None: until told otherwise."""

    status: int = 200
    outcome: str = "confirmed"  # confirmed, refused or pending, in the body
    message: str = "Booked."
    delay_seconds: float = 0
    times: int | None = None


NORMAL = Script()


@dataclass(frozen=True)
class Event:
    """One callback as it arrived. `verified` is what the public library says of its signature."""

    received_at: str
    subsystem: str
    webhook_id: str
    verified: bool
    problem: str
    repeat: bool
    status: int
    answer: dict[str, Any]
    payload: Any


class Journal:
    """Events, oldest first, shared by the server's threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._script = NORMAL
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._seen: set[str] = set()
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self._remember(Event(**json.loads(line)))
                except (ValueError, TypeError):
                    continue  # the last line of a process that was killed while it wrote

    def script(self) -> Script:
        """How the next callback will be answered."""
        with self._lock:
            return self._script

    def set_script(self, script: Script) -> None:
        """Answer so from now on."""
        with self._lock:
            self._script = script

    def take_script(self) -> Script:
        """The answer for the callback at hand; a script for n times is used up after n."""
        with self._lock:
            now = self._script
            if now.times is not None:
                left = now.times - 1
                self._script = replace(now, times=left) if left > 0 else NORMAL
            return now

    def seen(self, webhook_id: str) -> bool:
        """Whether a verified event of this id was received before."""
        with self._lock:
            return webhook_id in self._seen

    def add(self, event: Event) -> None:
        """Remember an event, and append it to the file."""
        with self._lock:
            self._remember(event)
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(event)) + "\n")

    def events(self, *, webhook_id: str | None = None) -> list[Event]:
        """The last events, oldest first; of one id, if given."""
        with self._lock:
            return [e for e in self._events if webhook_id is None or e.webhook_id == webhook_id]

    def _remember(self, event: Event) -> None:
        self._events.append(event)
        if event.verified:
            self._seen.add(event.webhook_id)
