"""POSTs at a rate, whatever the hub does: what is slow is not asked less often.

A request's time begins when it was to be sent, so that waiting for a connection counts.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

type Body = Callable[[int], dict[str, object]]

CONNECTIONS = 64  # of one sender
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends what: `body` is asked anew for each request."""

    name: str
    key: str = field(repr=False)
    body: Body
    rate: float  # requests a second


@dataclass(slots=True)
class Tally:
    """What became of one sender's requests: seconds each took, and the statuses (0: none came)."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


def run(url: str, senders: list[Sender], *, seconds: float, path: str) -> dict[str, Tally]:
    """Let them all send for so long, side by side; what became of it, by name."""
    return asyncio.run(_run(url, senders, seconds=seconds, path=path))


async def _run(url: str, senders: list[Sender], *, seconds: float, path: str) -> dict[str, Tally]:
    tallies = {sender.name: Tally() for sender in senders}
    async with asyncio.TaskGroup() as all_of_them:
        for sender in senders:
            all_of_them.create_task(
                _send(_Door(url, path, sender.key), sender, tallies[sender.name], seconds=seconds)
            )
    return tallies


async def _send(door: "_Door", sender: Sender, tally: Tally, *, seconds: float) -> None:
    begins = time.perf_counter()
    async with asyncio.TaskGroup() as requests:
        for number in range(round(seconds * sender.rate)):
            due = begins + number / sender.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            requests.create_task(_one(door, sender.body(number), tally, due=due))
    door.close()


async def _one(door: "_Door", body: dict[str, object], tally: Tally, *, due: float) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await door.post(json.dumps(body).encode())
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        status = 0
    tally.note(status, time.perf_counter() - due)


class _Door:
    """Kept connections to one address, each for one request at a time."""

    def __init__(self, url: str, path: str, key: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\n"
        )
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def post(self, body: bytes) -> int:
        """The status of the answer. Raises what a connection may raise."""
        async with self._places:
            reader, writer = self._free.pop() if self._free else await self._open()
            try:
                writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                _, _, length = head.partition("content-length:")
                await reader.readexactly(int(length.partition("\r\n")[0] or 0))
            except BaseException:
                writer.close()
                raise
            if "\r\nconnection: close" in head:
                writer.close()
            else:
                self._free.append((reader, writer))
            return int(head.split(" ", 2)[1])

    def close(self) -> None:
        """Let go of all connections."""
        for _, writer in self._free:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls)
