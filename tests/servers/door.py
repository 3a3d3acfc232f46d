"""A door on a free loopback port that passes bytes on to a server, and can be shut or jammed."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Door:
    """Listens on 127.0.0.1 and forwards every connection to `target`.

    `seen` collects what clients sent. While `open` is False connections are taken and dropped;
    while `jammed` is True they are taken and kept in silence.
    """

    def __init__(self, *, target: tuple[str, int]) -> None:
        self.target = target
        self.open, self.jammed = True, False
        self.seen = bytearray()
        self.connections = 0
        self._held: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        _thread(self._accept)

    def close(self) -> None:
        """Stop listening: from now on connections are refused."""
        # shutdown() wakes the thread in accept(); close() alone would leave it listening.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self.open:
                client.close()
            elif self.jammed:
                self._held.append(client)
            else:
                _thread(lambda client=client: self._serve(client))

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.target, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _thread(lambda: _pass_on(server, client, lambda _: None))
        _pass_on(client, server, self.seen.extend)


def _pass_on(source: socket.socket, sink: socket.socket, note: Callable[[bytes], None]) -> None:
    try:
        while data := source.recv(65536):
            note(data)
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _thread(target: Callable[[], None]) -> None:
    threading.Thread(target=target, daemon=True).start()
