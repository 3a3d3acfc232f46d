"""The road out, against real sockets that misbehave."""

import ipaddress
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from hub.lib import guard as guards
from hub.lib import http

LOOPBACK = http.Guard(loopback_allowed=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


class Server:
    """Answers each connection with `answer(connection)` and keeps what it was sent."""

    def __init__(self, answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer, self._tls = answer, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                connection.settimeout(10)
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self.requests.append(read_request(connection))
                self._answer(connection)
            except OSError:
                pass  # the client hung up, which some of these tests want
            finally:
                connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return data
        data += piece
        if data.startswith(b"\x16"):  # a TLS greeting at a server that speaks none
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(
    answer: bytes | Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    def send(connection: socket.socket) -> None:
        assert isinstance(answer, bytes)
        connection.sendall(answer)

    server = Server(send if isinstance(answer, bytes) else answer, tls)
    try:
        yield server
    finally:
        server.close()


def post(url: str, **changes: Any) -> http.Reply:
    options: dict[str, Any] = {
        "url": url,
        "body": b'{"a":1}',
        "headers": {"Content-Type": "application/json"},
        "guard": LOOPBACK,
        "total_timeout": timedelta(seconds=20),
    }
    return http.post(**options | changes)


def failure(url: str, **changes: Any) -> http.OutboundFailure:
    with pytest.raises(http.OutboundFailure) as caught:
        post(url, **changes)
    return caught.value


def test_a_post_arrives_with_its_headers_and_body_and_the_reply_comes_back() -> None:
    body = bytes(range(256)) * 300
    with serving(OK) as server:
        reply = post(
            f"http://127.0.0.1:{server.port}/hook?x=1",
            body=body,
            headers={"Content-Type": "application/json", "webhook-id": "evt_1"},
        )
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"ok", "text/plain")
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?x=1 HTTP/1.1"
    assert b"webhook-id: evt_1" in lines
    assert b"Content-Type: application/json" in lines
    assert b"User-Agent: employee-notification-hub" in lines
    assert not any(line.lower().startswith((b"expect", b"authorization")) for line in lines)
    assert sent == body


def test_every_post_opens_a_connection_of_its_own() -> None:
    with serving(OK) as server:
        for _ in range(3):
            post(f"http://127.0.0.1:{server.port}/")
        assert server.connections == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with serving(OK) as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/"
        answer = f"HTTP/1.1 {status} Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        with serving(answer.encode()) as server:
            reply = post(f"http://127.0.0.1:{server.port}/")
        assert (reply.status, reply.headers["location"]) == (status, target)
        assert elsewhere.connections == 0


def test_an_error_status_is_an_answer_too_and_the_interim_one_is_not() -> None:
    answer = b"HTTP/1.1 103 Hints\r\nX-Interim: 1\r\n\r\nHTTP/1.1 410 Gone\r\nA: 1\r\nA: 2\r\n"
    with serving(answer + b"Content-Length: 0\r\n\r\n") as server:
        reply = post(f"http://127.0.0.1:{server.port}/")
    assert (reply.status, reply.body) == (410, b"")
    assert dict(reply.headers) == {"a": "1, 2", "content-length": "0"}


def test_a_dripping_answer_is_stopped_by_the_total_time() -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with serving(drip) as server:
        found = failure(
            f"http://127.0.0.1:{server.port}/", total_timeout=timedelta(milliseconds=400)
        )
        over.set()
    assert found.reason == "timeout"


def test_a_receiver_that_never_answers_is_given_up() -> None:
    over = threading.Event()
    with serving(lambda _: assert_true(over.wait(20))) as server:
        found = failure(
            f"http://127.0.0.1:{server.port}/", total_timeout=timedelta(milliseconds=300)
        )
        over.set()
    assert found.reason == "timeout"


def assert_true(value: bool) -> None:
    assert value


@pytest.mark.parametrize("declared", [True, False])
def test_reading_stops_at_the_size_cap_whether_the_size_was_declared_or_not(declared: bool) -> None:
    sent = threading.Event()

    def flood(connection: socket.socket) -> None:
        length = b"Content-Length: 1000000000\r\n" if declared else b""
        connection.sendall(b"HTTP/1.1 410 Gone\r\n" + length + b"\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65_536)
        finally:
            sent.set()

    with serving(flood) as server:
        found = failure(f"http://127.0.0.1:{server.port}/")
        assert sent.wait(10)  # the server noticed that nobody reads on
    assert (found.reason, found.status) == ("too_large", 410)


def test_an_answer_of_exactly_the_cap_is_read() -> None:
    for size, fits in ((65_536, True), (65_537, False)):
        with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * size) as server:
            url = f"http://127.0.0.1:{server.port}/"
            if fits:
                assert len(post(url).body) == size
            else:
                assert failure(url).reason == "too_large"


def test_a_flood_of_headers_is_stopped() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"A: " + b"x" * 8000 + b"\r\n")

    with serving(flood) as server:
        assert failure(f"http://127.0.0.1:{server.port}/").reason in {"too_large", "network"}


def test_proxies_and_credentials_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login leaked password leaked\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(b"HTTP/1.1 502 Proxy\r\nContent-Length: 0\r\n\r\n") as proxy:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with serving(OK) as server:
            assert post(f"http://127.0.0.1:{server.port}/").status == 200
        assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"])
def test_a_forbidden_address_is_never_connected_to(host: str) -> None:
    with serving(OK) as server:
        found = failure(f"http://{host}:{server.port}/", guard=http.Guard())
        assert server.connections == 0
    assert found.reason == "refused_address"


def test_a_name_that_resolves_to_a_forbidden_address_the_second_time_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard = http.Guard()
    with serving(OK) as server:
        url = f"http://localhost:{server.port}/"
        monkeypatch.setattr(guards, "resolve", lambda _host: (ipaddress.ip_address("10.0.0.1"),))
        guard.check_url(url)
        assert failure(url, guard=guard).reason == "refused_address"
        assert server.connections == 0


def test_a_port_or_network_off_the_list_and_an_own_back_end_are_not_connected_to() -> None:
    here = ipaddress.ip_network("127.0.0.1/32")
    with serving(OK) as server:
        url = f"http://127.0.0.1:{server.port}/"
        for guard in (
            http.Guard(loopback_allowed=True, allowed_ports=frozenset({443})),
            http.Guard(
                loopback_allowed=True, allowed_networks=(ipaddress.ip_network("10.0.0.0/8"),)
            ),
            http.Guard(loopback_allowed=True, never=((here, server.port),)),
        ):
            assert failure(url, guard=guard).reason == "refused_address"
        assert server.connections == 0


@pytest.mark.parametrize(
    "url", ["http://2130706433:{}/", "http://0177.0.0.1:{}/", "http://0x7f.1:{}/"]
)
def test_an_address_in_disguise_is_refused_by_its_shape(url: str) -> None:
    with serving(OK) as server:
        assert failure(url.format(server.port)).reason == "bad_url"
        assert server.connections == 0


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "telnet", "dict", "ws"])
def test_only_http_is_spoken(scheme: str) -> None:
    assert failure(f"{scheme}://127.0.0.1:1/").reason == "bad_url"


def test_a_closed_port_and_a_dropped_connection_are_the_network() -> None:
    with serving(OK) as server:
        pass
    assert failure(f"http://127.0.0.1:{server.port}/").reason == "network"
    with serving(lambda connection: connection.close()) as server:
        assert failure(f"http://127.0.0.1:{server.port}/").reason == "network"
    with serving(b"SSH-2.0-OpenSSH_9.2\r\n") as server:
        assert failure(f"http://127.0.0.1:{server.port}/").reason == "network"
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") as server:
        assert failure(f"http://127.0.0.1:{server.port}/").reason == "network"


def test_tls_is_verified_against_the_authority_and_the_name(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    ca_file, other_file = tmp_path / "ca.pem", tmp_path / "other.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    stranger.cert_pem.write_to_path(str(other_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving(OK, context) as server:
        url = f"https://localhost:{server.port}/"
        assert post(url, ca_file=str(ca_file)).status == 200
        assert failure(url).reason == "tls"
        assert failure(url, ca_file=str(other_file)).reason == "tls"
        assert failure(url, ca_file=str(tmp_path / "absent.pem")).reason == "tls"
        by_number = f"https://127.0.0.1:{server.port}/"
        assert failure(by_number, ca_file=str(ca_file)).reason == "tls"
        assert len([one for one in server.requests if one]) == 1  # nothing was said to strangers
    with serving(OK) as server:
        assert failure(f"https://localhost:{server.port}/").reason == "tls"


def test_the_certificate_authorities_of_this_machine_are_found() -> None:
    assert Path(http.system_authorities()).exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X\r\nY", "b"),
        ("X", ""),
        ("", "b"),
        ("X:", "b"),
        ("X", "ü"),
        ("X;", ""),
    ],
)
def test_a_header_that_could_smuggle_another_is_a_mistake_of_the_caller(
    name: str, value: str
) -> None:
    with pytest.raises(ValueError, match="header"):
        post("http://127.0.0.1:1/", headers={name: value})


@pytest.mark.parametrize("total", [timedelta(), timedelta(microseconds=5), timedelta(seconds=-1)])
def test_no_time_out_is_a_mistake_of_the_caller(total: timedelta) -> None:
    with pytest.raises(ValueError, match="time-out"):
        post("http://127.0.0.1:1/", total_timeout=total)


def test_neither_address_nor_credentials_show_in_a_failure_or_on_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for url, reason in [
        ("http://user:hunter2@127.0.0.1:1/secret-path", "bad_url"),
        ("http://127.0.0.1:1/secret-path?token=hunter2", "network"),
    ]:
        found = failure(url)
        assert found.reason == reason
        assert found.__cause__ is None
        assert found.__suppress_context__
        shown = repr(found) + "".join(traceback.format_exception_only(found))
        shown += "".join(capfd.readouterr())
        assert not [word for word in ("127.0.0.1", "hunter2", "secret-path") if word in shown]
