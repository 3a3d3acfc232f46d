"""Connections that are kept: used again by the same guard only, and never trusted blindly."""

import contextlib
import ipaddress
import socket
import threading
from datetime import timedelta

import pytest

from hub.lib import guard as guards
from hub.lib import http
from tests.hub.lib.test_http import LOOPBACK, OK, read_request

NARROW = http.Guard(loopback_allowed=True, allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),))


class Keeping:
    """A server that keeps its connections, until it is told to drop them after an answer."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.opened, self.requests, self.drop, self.answer = 0, 0, False, OK
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while read_request(connection):
                self.requests += 1
                connection.sendall(self.answer)
                if self.drop:
                    return


@pytest.fixture
def server():
    made = Keeping()
    yield made
    made.listener.close()


def post(client, url, **changes):
    options = {
        "url": url, "body": b"{}", "headers": {"webhook-id": "1"}, "guard": LOOPBACK,
        "total_timeout": timedelta(seconds=10),
    }  # fmt: skip
    return client.post(**options | changes)


def test_a_connection_is_used_again(server):
    client = http.Client()
    for _ in range(3):
        assert post(client, server.url).body == b"ok"

    assert (server.opened, server.requests) == (1, 3)


def test_nobody_takes_a_connection_that_was_opened_under_other_rules(server):
    client = http.Client()
    post(client, server.url)
    post(client, server.url, guard=NARROW)
    with pytest.raises(http.OutboundFailure) as refused:
        post(client, server.url, guard=http.Guard())

    assert refused.value.reason == "refused_address"
    assert server.opened == 2


def test_a_kept_connection_that_died_is_replaced(server):
    client = http.Client()
    server.drop = True
    for _ in range(3):
        assert post(client, server.url).status == 200

    assert server.opened == 3


def test_what_was_left_on_a_connection_that_failed_is_read_by_nobody(server):
    client = http.Client()
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90_000
    with pytest.raises(http.OutboundFailure):
        post(client, server.url)
    server.answer = OK

    assert post(client, server.url).body == b"ok"
    assert server.opened == 2


def test_a_name_that_now_leads_elsewhere_is_judged_again_at_the_next_connection(
    server, monkeypatch
):
    judged = []
    permits = guards.Guard.permits
    monkeypatch.setattr(
        guards.Guard, "permits", lambda self, *at: judged.append(at) or permits(self, *at)
    )
    client = http.Client()
    server.drop = True
    post(client, server.url)
    post(client, server.url)

    assert len(judged) == 2


def test_no_more_connections_are_kept_than_was_said(server):
    client = http.Client(idle_at_most=2)
    barrier = threading.Barrier(4)

    def one():
        barrier.wait(5)
        post(client, server.url)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(len(kept) for kept in client._idle.values()) <= 2
