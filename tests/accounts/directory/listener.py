"""A TLS listener that notes what a client says, and answers by a script or by a real server."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

BIND, SEARCH, EXTENDED = 0x60, 0x63, 0x77  # protocolOp tags of RFC 4511

# What to do with a client's message: bytes to send back, None to close, or PASS_ON.
Answer = Callable[["Listener", bytes], bytes | None]
PASS_ON = b"\0pass on"


class Listener:
    """Takes connections on 127.0.0.1 for the name localhost.

    `raw` is what came over the wire, encrypted or not; `messages` are the LDAP requests inside.
    With a `backend` (an address that speaks LDAPS) answers of PASS_ON are asked from it.
    """

    def __init__(
        self,
        *,
        answer: Answer,
        tls: ssl.SSLContext | None = None,
        backend: tuple[str, int] | None = None,
    ) -> None:
        self.raw, self.messages, self.connections = bytearray(), list[bytes](), 0
        self.prefix = b""  # goes before the next answer that is passed on
        self.pause_seconds = 0.0  # if set, between each two bytes of the next answers
        self._answer, self._tls, self._backend = answer, tls, backend
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"localhost:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, operation: int) -> int:
        return len([message for message in self.messages if kind(message) == operation])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(client):
            stream = self._inside(client) if self._tls else _Plain(client, self.raw)
            backend = self._connect() if self._backend else None
            while message := stream.receive():
                self.messages.append(message)
                answer = self._answer(self, message)
                if answer is None:
                    return
                if answer == PASS_ON:
                    assert backend is not None
                    backend.sendall(message)
                    answer = self.prefix + complete(backend, message)
                    self.prefix = b""
                if not self.pause_seconds:
                    stream.send(answer)
                    continue
                for number in range(len(answer)):
                    time.sleep(self.pause_seconds)
                    stream.send(answer[number : number + 1])

    def _inside(self, client: socket.socket) -> "_Encrypted":
        assert self._tls is not None
        return _Encrypted(client, self.raw, self._tls)

    def _connect(self) -> ssl.SSLSocket:
        assert self._backend is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(self._backend, timeout=5))


class Drip:
    """Sends a TLS record that never ends, byte by byte: no read of the client ever times out."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"localhost:{self._socket.getsockname()[1]}"
        self._stop = threading.Event()
        threading.Thread(target=self._drip, daemon=True).start()

    def close(self) -> None:
        self._stop.set()
        self._socket.close()

    def _drip(self) -> None:
        client, _ = self._socket.accept()
        with contextlib.suppress(OSError), contextlib.closing(client):
            client.sendall(b"\x16\x03\x03\x40\x00")  # handshake record of 16 kB
            while not self._stop.wait(0.05):
                client.sendall(b"\0")


class _Plain:
    def __init__(self, client: socket.socket, raw: bytearray) -> None:
        self._client, self._raw = client, raw

    def receive(self) -> bytes:
        data = self._client.recv(65536)
        self._raw += data
        return data

    def send(self, data: bytes) -> None:
        self._client.sendall(data)


class _Encrypted:
    """TLS by hand over two buffers, so that the bytes of the wire can be seen."""

    def __init__(self, client: socket.socket, raw: bytearray, context: ssl.SSLContext) -> None:
        self._client, self._raw = client, raw
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._until_done(self._tls.do_handshake)

    def receive(self) -> bytes:
        try:
            return self._until_done(lambda: self._tls.read(65536))
        except ssl.SSLError:
            return b""

    def send(self, data: bytes) -> None:
        self._until_done(lambda: self._tls.write(data))

    def _until_done[Result](self, step: Callable[[], Result]) -> Result:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._client.sendall(self._outgoing.read())
                data = self._client.recv(65536)
                self._raw += data
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._client.sendall(self._outgoing.read())
                return result


def server_tls(certificate: Path) -> ssl.SSLContext:
    """A server with this certificate and key, both in one file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def elements(content: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each BER element in a row (RFC 4511, section 5.1)."""
    found = []
    while size := _size(content):
        found.append((content[0], _content(content[:size])))
        content = content[size:]
    return found


def kind(message: bytes) -> int:
    """The tag of the operation in an LDAPMessage."""
    body = _content(message)
    return body[2 + body[1]]  # after the INTEGER messageID


def complete(backend: ssl.SSLSocket, request: bytes) -> bytes:
    """Everything the server says until its final message to the request."""
    final = {BIND: 0x61, SEARCH: 0x65, EXTENDED: 0x78}.get(kind(request))
    data = b""
    while final is not None:
        data += backend.recv(65536)
        start = 0
        while (size := _size(data[start:])) and start + size <= len(data):
            if kind(data[start : start + size]) == final:
                return data
            start += size
    return b""


def result(request: bytes, tag: int, content: bytes) -> bytes:
    """A short answer to the request: its message id, the tag, the content."""
    body = _content(request)
    inside = body[: 2 + body[1]] + bytes([tag, len(content)]) + content
    return bytes([0x30, len(inside)]) + inside


def _size(data: bytes) -> int:
    """Length of the first BER element, 0 if its header is not all there."""
    if len(data) < 2 or (data[1] & 0x80 and len(data) < 2 + (data[1] & 0x7F)):
        return 0
    if not data[1] & 0x80:
        return 2 + data[1]
    more = data[1] & 0x7F
    return 2 + more + int.from_bytes(data[2 : 2 + more], "big")


def _content(message: bytes) -> bytes:
    return message[2 + (message[1] & 0x7F if message[1] & 0x80 else 0) :]
