"""A small HTTP/2 server over TLS that misbehaves as a test scripts it, frame by frame."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events
import trustme
from hyperframe.frame import GoAwayFrame


@dataclass
class Connection:
    """One connection; `number` counts them, `asked` the requests that came on it."""

    number: int
    socket: ssl.SSLSocket
    http: h2.connection.H2Connection
    asked: int = 0
    answered: int = 0
    silent: bool = False  # nothing is read or written any more; the socket stays open
    away: bool = False

    def answer(self, stream: int, body: bytes = b"{}") -> None:
        """200, with a body."""
        self.http.send_headers(stream, [(":status", "200"), ("content-length", str(len(body)))])
        self.http.send_data(stream, body, end_stream=True)
        self.answered += 1

    def reset(self, stream: int, code: h2.errors.ErrorCodes) -> None:
        """RST_STREAM."""
        self.http.reset_stream(stream, code)

    def go_away(self, last_stream: int) -> None:
        """GOAWAY: what comes on later streams is not looked at; the client hangs up when it likes."""
        self.socket.sendall(self.http.data_to_send())
        self.socket.sendall(GoAwayFrame(0, last_stream_id=last_stream).serialize())
        self.away = True


# What to do with a request that is complete: the connection, and the stream it came on.
Behaviour = Callable[[Connection, int], None]


@dataclass
class Server:
    """Listens on a free port of 127.0.0.1; `behaviour` may be changed at any time."""

    behaviour: Behaviour = field(default=Connection.answer)
    connections: list[Connection] = field(default_factory=list)

    def start(self, ca_file: Path) -> None:
        """Listen; the authority to trust is written to the file."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_alpn_protocols(["h2"])
        authority.issue_cert("localhost").configure_cert(self.context)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Close all there is."""
        self.listener.close()
        for connection in self.connections:
            connection.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(plain,), daemon=True).start()

    def _greet(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            secure = self.context.wrap_socket(plain, server_side=True)
            http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            http.initiate_connection()
            connection = Connection(len(self.connections), secure, http)
            self.connections.append(connection)
            self._serve(connection)

    def _serve(self, connection: Connection) -> None:
        connection.socket.sendall(connection.http.data_to_send())
        while True:
            given = connection.socket.recv(65_535)
            if not given:
                return
            for event in connection.http.receive_data(given):
                if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                    connection.http.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                if isinstance(event, h2.events.StreamEnded) and not connection.away:
                    connection.asked += 1
                    self.behaviour(connection, event.stream_id)
            if connection.silent:
                threading.Event().wait()
            connection.socket.sendall(connection.http.data_to_send())
