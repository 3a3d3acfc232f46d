"""The few pieces of ASGI the emulator needs: read a body, answer, drip, hang, break off."""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hub.demo.fcm.refusals import Refusal

type Scope = dict[str, Any]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json; charset=UTF-8")
BODY_BYTES = 4 * 1024 * 1024


async def read(receive: Receive) -> bytes:
    """The whole body of a request. Raises Refusal 413 beyond 4 MB."""
    event = await receive()
    if not event.get("more_body"):
        return event.get("body", b"")  # type: ignore[no-any-return]
    parts = [event.get("body", b"")]
    size = len(parts[0])
    while event.get("more_body"):
        event = await receive()
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES:
            raise Refusal(413, "TOO_LARGE", b'{"error": {"code": 413, "message": "Too large."}}')
    return b"".join(parts)


async def answer(send: Send, status: int, body: bytes, headers: Sequence[Header] = (JSON,)) -> None:
    """Send a whole response."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def encoded(value: Any) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()


async def answer_json(send: Send, value: Any, status: int = 200) -> None:
    """Send a value as JSON; nothing here may be cached."""
    await answer(send, status, encoded(value), (JSON, (b"cache-control", b"no-store")))


async def drip(send: Send, body: bytes, *, every_ms: int) -> None:
    """Send a success byte by byte, with a pause before each."""
    await send({"type": "http.response.start", "status": 200, "headers": (JSON,)})
    for position in range(len(body)):
        await asyncio.sleep(every_ms / 1000)
        part = body[position : position + 1]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def hang(receive: Receive) -> None:
    """Give no answer; returns when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def reset(scope: Scope, receive: Receive) -> None:
    """Break the client's TCP connection without an answer, and with it every stream on it.

    ASGI has no word for that, and Granian answers 500 when an application says nothing: so the
    connection's socket is looked up among this process's own descriptors and shut from below.
    """
    host, port = scope["client"]
    _shut((host, int(port)))
    await hang(receive)


def _shut(peer: tuple[str, int]) -> None:
    for name in os.listdir("/dev/fd"):
        try:
            duplicate = os.dup(int(name))
        except OSError:
            continue
        try:
            connection = socket.socket(fileno=duplicate)
        except OSError:  # not a socket
            os.close(duplicate)
            continue
        with connection:
            try:
                if connection.getpeername()[:2] != peer:
                    continue
                linger = struct.pack("ii", 1, 0)  # closing sends RST, not FIN
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # a listening socket, or one that has just gone
                continue


def header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a request's header."""
    for key, value in scope["headers"]:
        if key == name:
            return value  # type: ignore[no-any-return]
    return None
