"""`python -m benchmarks.receiver`: answers every POST with 200 at once, or, at /hang, never.

As little as asyncio can do, so that it is not what is measured. Prints its port first.
"""

import asyncio

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
LENGTH = b"\r\ncontent-length: "


class Receiver(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self) -> None:
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while True:
            head, found, rest = self.waiting.partition(b"\r\n\r\n")
            if not found:
                return
            size = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
            if len(rest) < int(size or 0):
                return
            self.waiting = rest[int(size or 0) :]
            if not head.startswith(b"POST /hang"):
                self.transport.write(ANSWER)


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
