"""The record of every request to send: a ring in memory, counters, and a file if one is named."""

import json
from collections import Counter, deque
from pathlib import Path
from typing import IO, Any, NamedTuple

RING = 20_000


class Entry(NamedTuple):
    """One request. `error` is empty for success; `phone` is the label of the phone meant."""

    n: int
    at: float  # UNIX time, with the emulator's clock offset
    token: str
    phone: str
    status: int  # 0: no answer was given
    error: str
    name: str
    http_version: str
    size_bytes: int
    delivered: bool  # given to the phone, or to what is stored for it
    dry_run: bool
    message: dict[str, Any] | None


class Journal:
    """Appended by every request, read by tests, benchmarks and the page."""

    def __init__(self, path: Path | None = None) -> None:
        self._ring: deque[Entry] = deque(maxlen=RING)
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None
        self._last = 0
        self._connections: set[tuple[str, str]] = set()
        self.clear()

    def clear(self) -> None:
        """Empty the ring and the counters; numbers go on, so that a reader's `after` stays good."""
        self._ring.clear()
        self._connections.clear()
        self.accepted = self.refused = self.dry_runs = self.access_tokens = 0
        self.errors: Counter[str] = Counter()
        self.http_versions: Counter[str] = Counter()

    def write(
        self,
        *,
        at: float,
        scope: dict[str, Any],
        token: str = "",
        phone: str = "",
        status: int,
        error: str = "",
        name: str = "",
        size_bytes: int = 0,
        delivered: bool = False,
        dry_run: bool = False,
        message: dict[str, Any] | None = None,
    ) -> None:
        """Append one entry and count it."""
        self._last += 1
        version = scope["http_version"]
        self._connections.add(scope["client"])
        self.http_versions[version] += 1
        if error:
            self.refused += 1
            self.errors[error] += 1
        elif dry_run:
            self.dry_runs += 1
        else:
            self.accepted += 1
        entry = Entry(
            self._last, at, token, phone, status, error, name, version, size_bytes,
            delivered, dry_run, message,
        )  # fmt: skip
        self._ring.append(entry)
        if self._file:
            self._file.write(json.dumps(entry._asdict(), ensure_ascii=False) + "\n")

    def read(self, *, after: int = 0, token: str = "", limit: int = 1000) -> dict[str, Any]:
        """Entries with a number above `after`, oldest first, and the number to go on from."""
        # Numbers are consecutive within the ring: a long log is not walked to its end each time.
        first = self._ring[0].n if self._ring else 0
        chosen: list[dict[str, Any]] = []
        last = after
        for position in range(max(0, after + 1 - first), len(self._ring)):
            entry = self._ring[position]
            last = entry.n
            if not token or entry.token == token:
                chosen.append(entry._asdict())
                if len(chosen) == limit:
                    break
        return {"entries": chosen, "after": last, "first": first, "last": self._last}

    def counters(self) -> dict[str, Any]:
        """Totals since the last clearing."""
        return {
            "accepted": self.accepted,
            "refused": self.refused,
            "dry_runs": self.dry_runs,
            "errors": dict(self.errors),
            "http_versions": dict(self.http_versions),
            "connections": len(self._connections),
            "access_tokens": self.access_tokens,
            "last": self._last,
        }

    def flush(self) -> None:
        """Bring the file up to date."""
        if self._file:
            self._file.flush()
