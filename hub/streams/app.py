"""`GET /api/v1/me/stream`: server-sent events that say "changes waiting" and nothing else.

granian --interface asgi hub.streams.app:application
"""

import asyncio
import contextlib
import json
import resource
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg
import structlog
from django.conf import settings

from hub.lib import clock
from hub.lib.errors import CONTENT_TYPE
from hub.streams.admission import Door, Refused
from hub.streams.board import GONE, Board, Stream
from hub.streams.hearing import Hearing

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/api/v1/me/stream"
LONGEST_TOKEN = 200
APART_SECONDS = 1.0  # between two hints to one phone

CHANGES = b"event: changes\ndata: {}\n\n"
BEAT = b": beat\n\n"

FULL = Refused("unavailable", "No more streams are open here. Ask now and then.", status=503)
NOT_FOUND = Refused("not_found", "There is nothing at this address.", status=404)
NOT_GET = Refused("method_not_allowed", "A stream is only read: use GET.", status=405)
AWAY = Refused("unavailable", "The hub can't look you up just now.", status=503)


class Application:
    """The ASGI application."""

    def __init__(self) -> None:
        self.board = Board(most=settings.STREAMS_AT_MOST)
        self.door = Door(_database())
        self.hearing = Hearing(
            self.board,
            self.door,
            redis_url=settings.REDIS_URL,
            bound=settings.DIRECTORY_BOUND,
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or live as long as the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # one a stream
        await self.door.open()
        every = settings.STREAM_RECHECK
        tasks = [
            asyncio.create_task(work)
            for work in (
                self.hearing.listen(),
                self.hearing.bring(),
                self.hearing.recheck(every=every),
            )
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await self.door.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        path, is_get = scope["path"], scope["method"] in {"GET", "HEAD"}
        if path in {"/health/live", "/health/ready"} and is_get:
            said = {"streams": len(self.board), "hears": not self.board.is_deaf}
            await _answer(send, 200, json.dumps(said).encode(), "application/json")
            return
        try:
            stream = await self._admitted(scope)
        except Refused as refusal:
            await _refuse(send, refusal)
            return
        self.board.add(stream)
        gone = asyncio.ensure_future(receive_end(receive))
        gone.add_done_callback(lambda _: stream.finish(GONE))
        try:
            await _start(send)
            await self._tell(stream, send)
        finally:
            self.board.remove(stream)
            gone.cancel()

    async def _admitted(self, scope: Message) -> Stream:
        """Who asks, as a stream that nobody tells yet. Raises Refused."""
        if scope["path"] != PATH:
            raise NOT_FOUND
        if scope["method"] != "GET":
            raise NOT_GET
        given = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        scheme, _, text = (given[0] if len(given) == 1 else b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or len(text) > LONGEST_TOKEN:
            raise Refused(
                "not_authenticated", "Send the header Authorization: Bearer with a token."
            )
        if self.board.is_full:
            raise FULL
        try:
            return Stream(await self.door.admit(text.strip(), now=clock.now()))
        except psycopg.Error:
            raise AWAY from None

    async def _tell(self, stream: Stream, send: Send) -> None:
        """Say what there is to say, until the token's end or the phone's."""
        beat = settings.STREAM_BEAT.total_seconds()
        stream.hint()  # what came before the stream was open
        owed = False  # a hint may overtake the feed's snapshot: it is said again with the next beat
        while not stream.end:
            left = (stream.admitted.expires_at - clock.now()).total_seconds()
            if left <= 0:
                stream.finish(Refused("token_expired", "This token is past its time. Refresh it."))
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stream.woken.wait(), min(beat, left))
            stream.woken.clear()
            if stream.end:
                break
            if stream.has_changes or owed:
                owed = stream.has_changes
                stream.has_changes = False
                await _say(send, CHANGES)
                await asyncio.sleep(APART_SECONDS)
            elif self.board.is_deaf:
                await _say(send, _event("poll", {"every_seconds": int(beat)}))
            else:
                await _say(send, BEAT)
        if stream.end is not None and stream.end is not GONE:
            await _say(send, _event("end", {"code": stream.end.code, **stream.end.data}))
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _database() -> dict[str, Any]:
    """How to reach the database, for psycopg, as Django's settings say it."""
    said: Any = settings.DATABASES["default"]
    named = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    found = {ours: said[theirs] for ours, theirs in named.items() if said.get(theirs)}
    # What is Django's own, or of its prepared statements, psycopg would not know.
    known = {"options", "connect_timeout", "sslmode", "sslrootcert", "sslcert", "sslkey"}
    return found | {name: value for name, value in said["OPTIONS"].items() if name in known}


async def receive_end(receive: Receive) -> None:
    """Wait until the phone has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _say(send: Send, text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def _start(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # a proxy that waits for more would keep the hint
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _say(send, f"retry: {settings.STREAM_RETRY_MS}\n\n".encode())


async def _refuse(send: Send, refusal: Refused) -> None:
    request_id = uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        body = json.dumps(refusal.problem()).encode()
    more = [(b"x-request-id", request_id.encode())]
    if refusal.status == 401:
        more.append((b"www-authenticate", b"Bearer"))
    if refusal.status == 503:
        more.append((b"retry-after", b"30"))
    if refusal.status == 405:
        more.append((b"allow", b"GET"))
    await _answer(send, refusal.status, body, CONTENT_TYPE, more)


async def _answer(
    send: Send, status: int, body: bytes, kind: str, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), *(more or [])]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


application = Application()
