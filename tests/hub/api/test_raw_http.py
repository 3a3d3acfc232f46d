"""What only a real server shows: bytes that are hardly HTTP, sent to the hub under granian.

What granian refuses itself is a plain 400, 414 or 431; what reaches the hub is answered in its
own shape. Nothing is answered twice, nobody is held up, nothing of it is in the log.
"""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.demo import ports
from notifications.models import Notification
from tests.hub.api.server import serving, talk
from tests.hub.api.world import NOTICE, World

pytestmark = pytest.mark.django_db(transaction=True)

BODY = json.dumps(NOTICE).encode()
ME = b"GET /api/v1/me HTTP/1.1"
SEND = b"POST /api/v1/notifications HTTP/1.1"
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@pytest.fixture
def port(world: World, tmp_path: Path) -> Iterator[int]:
    with serving(tmp_path) as number:
        yield number


def message(line: bytes, *headers: bytes, body: bytes = b"", host: bytes = b"localhost") -> bytes:
    lines = [line, b"Host: " + host, *headers] if host else [line, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def problem(answer: bytes) -> dict[str, object]:
    """The one problem in an answer that the hub itself gave."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head.lower()
    start = rest.index(b"{")
    found: dict[str, object] = json.JSONDecoder().raw_decode(rest[start:].decode())[0]
    return found


# By the server; no code of ours has seen them.
REFUSED_BY_THE_SERVER = {
    "a NUL in a header": (ME, b"X-A: a\x00b"),
    "a bare CR in a header": (ME, b"X-A: a\rSet-Cookie: x"),
    "a folded header": (ME, b"X-A: a\r\n b"),
    "a space before the colon": (ME, b"Authorization : x"),
    "a NUL in the method": (b"G\x00T /api/v1/me HTTP/1.1",),
    "raw bytes in the path": (b"GET /api/v1/\xff\xfe HTTP/1.1",),
    "a version that is none": (b"GET /api/v1/me HTTP/9.9",),
    "no request at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",),
    "200 headers": (ME, *(b"X-%d: a" % number for number in range(200))),
    "a header of 2 MB": (ME, b"X-A: " + b"a" * 2_000_000),  # several times the server's buffer
    "a path of 100 kB": (b"GET /api/v1/" + b"a" * 100_000 + b" HTTP/1.1",),
    "two lengths": (SEND, LENGTH, b"Content-Length: 5"),
    "a negative length": (SEND, b"Content-Length: -1"),
    "a length with a sign": (SEND, b"Content-Length: +5"),
    "a length with an exponent": (SEND, b"Content-Length: 1e3"),
    "a coding that is none": (SEND, b"Transfer-Encoding: xchunked"),
    "a coding after the chunks": (SEND, CHUNKED, b"Transfer-Encoding: identity"),
}


def test_what_is_hardly_http_is_refused_once_and_the_connection_closed(port, world, tmp_path):
    key = b"Authorization: Bearer " + str(world.tokens["sender"]).encode()
    for name, (line, *headers) in REFUSED_BY_THE_SERVER.items():
        answer = talk(port, message(line, *headers, key, body=BODY))
        found = STATUS.findall(answer)
        assert found in ([b"400"], [b"414"], [b"431"], []), (name, answer[:200])

    assert Notification.objects.count() == 1
    log = (tmp_path / "web.log").read_text()
    assert "Traceback" not in log
    fine = talk(port, message(ME, b"Connection: close", key.replace(
        str(world.tokens["sender"]).encode(), str(world.tokens["owner"]).encode()
    )))  # fmt: skip
    assert STATUS.findall(fine) == [b"200"], "the others are served"


REFUSED_BY_THE_HUB = {
    "no host": (400, "malformed_request", message(ME, b"Connection: close", host=b"")),
    "an unknown host": (400, "malformed_request", message(ME, b"Connection: close", host=b"evil")),
    "two hosts": (400, "malformed_request", message(ME, b"Host: evil", b"Connection: close")),
    "OPTIONS *": (404, "not_found", message(b"OPTIONS * HTTP/1.1", b"Connection: close")),
    "an unknown path": (404, "not_found", message(b"GET /api/v1/x HTTP/1.1", b"Connection: close")),
}


def test_what_reaches_the_hub_is_refused_in_its_shape(port):
    for name, (status, code, sent) in REFUSED_BY_THE_HUB.items():
        answer = talk(port, sent)
        assert STATUS.findall(answer) == [str(status).encode()], (name, answer[:200])
        assert problem(answer)["code"] == code, name


def test_nothing_is_connected_through_the_hub(port):
    # Its path is that of the companion's page, which takes no such method.
    answer = talk(port, message(b"CONNECT evil:443 HTTP/1.1", b"Connection: close"))

    assert STATUS.findall(answer) == [b"403"]


def test_no_type_of_a_body_breaks_the_reading_of_the_query(port, world):
    key = b"Authorization: Bearer " + str(world.tokens["owner"]).encode()
    line = b"GET /api/v1/me/inbox?page_size=0 HTTP/1.1"
    for kind in (
        b"a/b; charset=zip", b"a/b; charset=utf-7", b"a/b; charset=utf-16", b"a/b; charset=idna",
        b"x" * 20_000,
    ):  # fmt: skip
        answer = talk(port, message(line, key, b"Content-Type: " + kind, b"Connection: close"))
        assert STATUS.findall(answer) == [b"422"], (kind[:20], answer[:300])
        assert problem(answer)["errors"][0]["pointer"] == "/page_size", kind[:20]


def test_a_body_in_chunks_is_refused_and_smuggles_no_second_request(port, world):
    key = b"Authorization: Bearer " + str(world.tokens["sender"]).encode()
    kind = b"Content-Type: application/json"
    for headers, body in (
        ((CHUNKED,), CHUNKS),
        ((CHUNKED,), b"zz\r\n" + BODY),
        ((CHUNKED,), b"fffffffffffffffff\r\n" + BODY),
        ((b"Content-Length: 4", CHUNKED), b"0\r\n\r\n" + SMUGGLED),
        ((CHUNKED, LENGTH), CHUNKS + SMUGGLED),
    ):
        answer = talk(port, message(SEND, key, kind, *headers, body=body))
        assert STATUS.findall(answer)[0] in {b"411", b"400"}, answer[:300]
        assert b"openapi" not in answer
    assert Notification.objects.count() == 1


def test_ten_megabytes_are_refused_when_a_part_of_them_has_come(port, world):
    key = b"Authorization: Bearer " + str(world.tokens["sender"]).encode()
    head = (SEND, key, b"Content-Type: application/json", b"Content-Length: 10000000")
    answer = talk(port, message(*head, body=b" " * 300_000))

    assert STATUS.findall(answer) == [b"413"]
    assert problem(answer)["code"] == "too_large"


def test_strangers_are_refused_before_their_body_comes(port):
    # Four threads serve; were a body awaited from strangers, the fifth would find none free.
    held = []
    try:
        for _ in range(8):
            slow = socket.create_connection((ports.HOST, port), timeout=10)
            held.append(slow)
            head = (SEND, b"Authorization: Bearer x", b"Content-Type: application/json", LENGTH)
            slow.sendall(message(*head))
        for slow in held:
            assert STATUS.match(slow.recv(65536))[1] == b"401"
    finally:
        for slow in held:
            slow.close()


def test_headers_that_never_end_are_cut_off_and_hold_nobody_up(port, world):
    token = b"Authorization: Bearer " + str(world.tokens["owner"]).encode()
    held = [socket.create_connection((ports.HOST, port), timeout=10) for _ in range(20)]
    try:
        for slow in held:
            slow.sendall(ME + b"\r\nHost: localhost\r\nX-A: ")
        assert STATUS.findall(talk(port, message(ME, token, b"Connection: close"))) == [b"200"]
        deadline = time.monotonic() + 30  # the server's limit is one second in this test
        for slow in held:
            slow.settimeout(max(0.1, deadline - time.monotonic()))
            assert slow.recv(100) == b""
    finally:
        for slow in held:
            slow.close()


def test_what_strangers_type_is_not_in_the_log(port, tmp_path):
    for sent in (
        message(b"GET /api/v1/alice@corp.example HTTP/1.1", b"Connection: close"),
        message(ME, b"Connection: close", host=b"forged-host"),
        message(ME, b'X-Request-ID: x"} {"level": "forged"', b"Connection: close"),
        message(ME, b"Authorization: Bearer forged-token", b"User-Agent: forged-agent"),
    ):
        talk(port, sent, timeout=2)

    log = (tmp_path / "web.log").read_text()
    assert "alice@corp.example" not in log
    assert "forged" not in log
    for line in log.splitlines():
        if line.startswith("{"):
            json.loads(line)
