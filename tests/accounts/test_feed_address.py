"""The employee database at an address: taken whole or not at all, and only from where it should be."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import trustme
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import feed, tasks
from accounts.models import FeedRecord, Synchronisation
from hub.lib import http
from tests.hub.lib.test_http import Server

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db
Serve = Callable[..., Server]


def answer(*people: str, status: str = "200 OK", tag: str = "", length: int | None = None) -> bytes:
    """An answer with these rows below the header."""
    body = "\n".join(["No,Dept", *people, ""]).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"ETag: {tag}"] if tag else []
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(settings: LazySettings, tmp_path: Path, authority: trustme.CA) -> Iterator[Serve]:
    """The feed is at an https address that answers each connection with these bytes."""
    settings.EMPLOYEE_FEED_COLUMNS = {"employee_id": "No", "department": "Dept"}
    settings.EMPLOYEE_FEED_TIMEOUT = timedelta(seconds=5)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    settings.EMPLOYEE_FEED_CA_FILE = str(ca_file)
    with contextlib.ExitStack() as stack:

        def serve(content: bytes, certificate: trustme.LeafCert | None = None) -> Server:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            (certificate or authority.issue_cert("localhost")).configure_cert(tls)

            def send(connection: socket.socket) -> None:
                connection.sendall(content)

            server = Server(send, tls)
            stack.callback(server.close)
            settings.EMPLOYEE_FEED = f"https://localhost:{server.port}/people.csv"
            return server

        yield serve


def departments() -> dict[str, str]:
    found = FeedRecord.objects.filter(gone_at=None).values_list("employee_id", "department")
    return dict(found.order_by("employee_id"))


def state() -> Synchronisation:
    return Synchronisation.objects.get(name="feed")


def test_a_feed_at_an_address_is_read_with_its_authorization(
    serve: Serve, settings: LazySettings, now: datetime
) -> None:
    settings.EMPLOYEE_FEED_AUTHORIZATION = "Bearer s3cret"
    server = serve(answer("E1,IT", "E2,HR"))
    assert feed.read(now=now).records == 2
    assert departments() == {"E1": "IT", "E2": "HR"}
    [request] = server.requests
    assert request.startswith(b"GET /people.csv HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer s3cret\r\n" in request
    assert b"Cookie" not in request
    assert (state().result, state().known_at) == ("complete", now)


def test_a_tag_is_of_one_address_and_one_reading_of_it(
    serve: Serve, settings: LazySettings, now: datetime
) -> None:
    serve(answer("E1,IT", tag='"v1"'))
    feed.read(now=now)
    elsewhere = serve(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    with pytest.raises(feed.Unreadable, match="answers 304"):
        feed.read(now=now + HOUR)
    assert b"If-None-Match" not in elsewhere.requests[0]


def test_the_tag_is_sent_back_and_a_304_counts_as_known(serve: Serve, now: datetime) -> None:
    server = serve(b"")
    said = iter([
        answer("E1,IT", tag='"v1"'),
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        answer("E1,HR", tag='"v2"'),
    ])  # fmt: skip
    server._answer = lambda connection: connection.sendall(next(said))
    feed.read(now=now)
    outcome = feed.read(now=now + HOUR)
    assert outcome.unchanged
    assert (state().result, state().known_at, state().missing) == ("unchanged", now + HOUR, 0)
    assert departments() == {"E1": "IT"}
    assert feed.read(now=now + 2 * HOUR).changed == 1
    assert [b'If-None-Match: "v1"' in request for request in server.requests] == [False, True, True]


def test_what_was_stopped_or_had_bad_rows_is_read_again_whatever_its_tag(
    serve: Serve, now: datetime
) -> None:
    everybody = [f"E{number},IT" for number in range(100)]
    server = serve(b"")
    said = iter([
        answer(*everybody, tag='"v1"'),
        answer(*everybody[:50], tag='"v2"'),
        answer(*everybody[:50], tag='"v2"'),
        answer(*everybody[:50], "E1,twice", tag='"v3"'),
        answer(*everybody[:50], tag='"v4"'),
    ])  # fmt: skip
    server._answer = lambda connection: connection.sendall(next(said))
    feed.read(now=now)
    assert feed.read(now=now + HOUR).missing == 50
    assert feed.read(now=now + HOUR, allow_absent=True).gone == 50
    assert len(feed.read(now=now + 2 * HOUR).flaws) == 1
    feed.read(now=now + 3 * HOUR)
    sent = [b"If-None-Match" in request for request in server.requests]
    assert sent == [False, True, False, True, False]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "breaks off before its length": (answer("E1,HR", length=5_000), "broke off"),
    "breaks off between two chunks": (CHUNKED + b"d\r\nNo,Dept\nE1,H\r\n", "broke off"),
    "is a sign-in page": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "no column No, Dept",
    ),
    "sends elsewhere": (answer(status="302 Found"), "answers 302"),
    "fails": (answer("E1,HR", status="500 Oops"), "answers 500"),
    "has a part only": (answer("E1,HR", status="206 Partial Content"), "answers 206"),
    "is no HTTP": (b"E1,HR\n", "broke off"),
    "is not UTF-8": (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nNo,Dept\nE1,\xff\xff\n", "UTF-8"),
    "says nothing": (b"", "broke off"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_source_that_fails_changes_nothing_and_says_why(
    serve: Serve, now: datetime, fault: str
) -> None:
    serve(answer("E1,IT", "E2,IT"))
    feed.read(now=now)
    content, why = BROKEN[fault]
    serve(content)
    with pytest.raises(feed.Unreadable, match=why):
        feed.read(now=now + HOUR)
    assert departments() == {"E1": "IT", "E2": "IT"}
    assert (state().result, state().known_at, state().ended_at) == ("unreadable", now, now + HOUR)
    tasks.read_feed()  # the scheduler's ring ends in the row and in the log
    with pytest.raises(CommandError, match=why):
        call_command("read_feed")


def test_an_answer_that_ends_where_the_connection_does_may_be_half_of_it(
    serve: Serve, settings: LazySettings, now: datetime
) -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\nNo,Dept\nE1,HR\n"
    serve(endless)
    with pytest.raises(feed.Unreadable, match="broke off"):  # TLS tells the one from the other
        feed.read(now=now)
    server = Server(lambda connection: connection.sendall(endless), None)
    settings.EMPLOYEE_FEED = f"http://localhost:{server.port}/"
    try:
        with pytest.raises(feed.Unreadable, match="where its answer ends"):
            feed.read(now=now)
    finally:
        server.close()


def test_a_source_that_drips_or_sends_too_much_is_left(
    serve: Serve, settings: LazySettings, now: datetime
) -> None:
    settings.EMPLOYEE_FEED_MOST_BYTES = 100
    serve(answer(*(f"E{number},IT" for number in range(50))))
    with pytest.raises(feed.Unreadable, match="larger than"):
        feed.read(now=now)
    settings.EMPLOYEE_FEED_TIMEOUT = timedelta(seconds=1)
    server = serve(b"")

    def drip(connection: socket.socket) -> None:
        connection.sendall(CHUNKED)
        for _ in range(100):
            connection.sendall(b"1\r\nE\r\n")
            connection.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                connection.recv(1)

    server._answer = drip
    with pytest.raises(feed.Unreadable, match="within EMPLOYEE_FEED_TIMEOUT_SECONDS"):
        feed.read(now=now)
    assert not FeedRecord.objects.exists()


def test_a_source_that_is_not_who_it_says_gets_no_secret(
    serve: Serve, settings: LazySettings, authority: trustme.CA, now: datetime
) -> None:
    settings.EMPLOYEE_FEED_AUTHORIZATION = "Bearer s3cret"
    for certificate in (trustme.CA().issue_cert("localhost"), authority.issue_cert("elsewhere")):
        server = serve(answer("E1,IT"), certificate)
        with pytest.raises(feed.Unreadable, match="certificate"):
            feed.read(now=now)
        assert b"".join(server.requests) == b""


def test_no_address_that_is_never_called_is_asked_for_the_feed_either(
    serve: Serve, settings: LazySettings, now: datetime
) -> None:
    server = serve(answer("E1,IT"))
    settings.HUB_MODE = "production"  # loopback is nobody's employee database there
    with pytest.raises(feed.Unreadable, match="never called"):
        feed.read(now=now)
    settings.EMPLOYEE_FEED = f"http://localhost:{server.port}/"
    with pytest.raises(feed.Unreadable, match="https only"):
        feed.read(now=now)
    assert server.connections == 0


@pytest.mark.django_db(transaction=True)
def test_the_source_is_not_waited_for_inside_a_transaction(serve: Serve, now: datetime) -> None:
    serve(answer("E1,IT"))
    seen: list[bool] = []
    ask = http.get

    def watched(**how: object) -> http.Reply:
        seen.append(connection.in_atomic_block)
        return ask(**how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "get", watched)
        feed.read(now=now)
    assert seen == [False]


def test_a_get_writes_into_what_it_is_given_and_keeps_nothing_itself() -> None:
    server = Server(lambda connection: connection.sendall(answer("E1,IT")), None)
    into = BytesIO()
    try:
        reply = http.get(
            url=f"http://127.0.0.1:{server.port}/", headers={}, into=into,
            guard=http.Guard(loopback_allowed=True), total_timeout=timedelta(seconds=5),
            most_bytes=1000,
        )  # fmt: skip
    finally:
        server.close()
    assert (reply.status, reply.body) == (200, b"")
    assert into.getvalue() == b"No,Dept\nE1,IT\n"
