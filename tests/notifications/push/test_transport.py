"""HTTP's own dangers: redirects, endless answers, false certificates, an old server."""

import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from notifications.push import transport


class Handler(BaseHTTPRequestHandler):
    """An old server: HTTP/1.1 only. The path says how it misbehaves."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        if self.path == "/redirect":
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = 100_000 if self.path in {"/big", "/endless"} else 2
        self.send_response(200)
        if self.path == "/endless":  # says no size, and ends with the connection
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    def log_message(self, *args: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """The client hangs up in some of these tests, and should."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Its port and its authority's file; its certificate is for `localhost`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    serving = Server(("127.0.0.1", 0), Handler)
    serving.socket = context.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    ca_file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    yield str(serving.server_port), str(ca_file)
    serving.shutdown()
    serving.server_close()
    thread.join()


def post(url: str, ca_file: str, *, times: int = 1) -> list[transport.Reply]:
    sender = transport.Transport(transport.Config(ca_file=ca_file, connections=2))
    answers = sender.exchange(
        url, ["Expect:"], ((key, b"{}") for key in range(times)),
        deadline=time.monotonic() + 10, message_seconds=10,
    )  # fmt: skip
    return [reply for _key, reply in sorted(answers)]


def test_a_server_without_http_2_is_served_too(server: tuple[str, str]) -> None:
    replies = post(f"https://localhost:{server[0]}/fine", server[1], times=20)
    assert [(reply.status, reply.body) for reply in replies] == [(200, b"xx")] * 20


def test_a_redirect_is_not_followed_with_our_token(server: tuple[str, str]) -> None:
    (reply,) = post(f"https://localhost:{server[0]}/redirect", server[1])
    assert reply.status == 307
    assert "/elsewhere" not in Handler.asked


@pytest.mark.parametrize("path", ["big", "endless"])
def test_more_than_64_kilobytes_are_not_read(server: tuple[str, str], path: str) -> None:
    (reply,) = post(f"https://localhost:{server[0]}/{path}", server[1])
    assert (reply.status, reply.error) == (0, "unreadable")


def test_a_certificate_for_another_name_is_refused(server: tuple[str, str]) -> None:
    (reply,) = post(f"https://127.0.0.1:{server[0]}/other-name", server[1])
    assert (reply.status, reply.error) == (0, "tls")
    assert "/other-name" not in Handler.asked


def test_a_certificate_of_another_authority_is_refused(server: tuple[str, str]) -> None:
    (reply,) = post(f"https://localhost:{server[0]}/stranger", "")
    assert (reply.status, reply.error) == (0, "tls")
    assert "/stranger" not in Handler.asked


def test_nothing_is_sent_in_clear_text(server: tuple[str, str]) -> None:
    (reply,) = post(f"http://localhost:{server[0]}/clear", server[1])
    assert (reply.status, reply.error) == (0, "network")


def test_nobody_at_home_is_a_matter_of_the_network() -> None:
    (reply,) = post("https://127.0.0.1:1/", "")
    assert (reply.status, reply.error) == (0, "network")


def test_messages_are_taken_only_as_far_as_they_can_be_sent(server: tuple[str, str]) -> None:
    taken: list[int] = []

    def messages() -> Iterator[tuple[int, bytes]]:
        for key in range(1000):
            taken.append(key)
            yield key, b"{}"

    sender = transport.Transport(transport.Config(ca_file=server[1], connections=2))
    answers = sender.exchange(
        f"https://localhost:{server[0]}/window", ["Expect:"], messages(),
        deadline=time.monotonic() + 10, message_seconds=10,
    )  # fmt: skip
    next(answers)
    assert len(taken) <= 2 * transport.STREAMS_A_CONNECTION + 1
    answers.close()  # type: ignore[attr-defined]
