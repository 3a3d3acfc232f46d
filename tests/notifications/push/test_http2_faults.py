"""What HTTP/2 allows a server to do to us: go away, refuse, break off, fall silent."""

import time
from collections.abc import Iterator
from pathlib import Path

import h2.errors
import pytest

from notifications.push import transport
from tests.notifications.push.h2_server import Connection, Server

FINE = (200, "")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    serving = Server()
    serving.start(tmp_path / "ca.pem")
    yield serving
    serving.stop()


@pytest.fixture
def sender(server: Server, tmp_path: Path) -> transport.Transport:
    return transport.Transport(transport.Config(ca_file=str(tmp_path / "ca.pem"), connections=1))


def post(
    sender: transport.Transport,
    server: Server,
    count: int,
    *,
    seconds: float = 20,
    message_seconds: float = 10,
) -> list[tuple[int, str]]:
    """Status and error of each message, in their order."""
    answers = sender.exchange(
        server.url, ["Expect:"], ((key, b"{}") for key in range(count)),
        deadline=time.monotonic() + seconds, message_seconds=message_seconds,
    )  # fmt: skip
    replies = dict(answers)
    assert sorted(replies) == list(range(count))  # each has one reply, whatever happened
    return [(replies[key].status, replies[key].error) for key in range(count)]


@pytest.mark.parametrize("each", [10, 25, 59])
def test_a_server_that_goes_away_is_asked_anew_for_what_it_did_not_look_at(
    server: Server, sender: transport.Transport, each: int
) -> None:
    seen: dict[int, list[int]] = {}

    def behaviour(connection: Connection, stream: int) -> None:
        mine = seen.setdefault(connection.number, [])
        if len(mine) == each:
            connection.go_away(mine[-1])
        else:
            mine.append(stream)
            connection.answer(stream)

    server.behaviour = behaviour
    assert post(sender, server, 60) == [FINE] * 60
    assert sum(map(len, seen.values())) == 60  # nothing was lost, and nothing was done twice
    assert len(server.connections) == -(-60 // each)


def test_a_refused_stream_was_not_looked_at_and_is_sent_again(
    server: Server, sender: transport.Transport
) -> None:
    refused: list[int] = []

    def behaviour(connection: Connection, stream: int) -> None:
        if len(refused) < 5:
            refused.append(stream)
            connection.reset(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        else:
            connection.answer(stream)

    server.behaviour = behaviour
    assert post(sender, server, 30) == [FINE] * 30
    assert len(refused) == 5


@pytest.mark.parametrize("code", ["INTERNAL_ERROR", "CANCEL", "ENHANCE_YOUR_CALM"])
def test_a_stream_that_is_broken_off_costs_its_own_message_only(
    server: Server, sender: transport.Transport, code: str
) -> None:
    def behaviour(connection: Connection, stream: int) -> None:
        if connection.asked == 4 and connection.number == 0:
            connection.reset(stream, h2.errors.ErrorCodes[code])
        else:
            connection.answer(stream)

    server.behaviour = behaviour
    answers = post(sender, server, 30)
    assert answers.count(FINE) == 29
    assert answers.count((0, "network")) == 1
    assert post(sender, server, 10) == [FINE] * 10


def test_a_peer_that_falls_silent_holds_nobody_and_is_not_spoken_to_again(
    server: Server, sender: transport.Transport
) -> None:
    def behaviour(connection: Connection, stream: int) -> None:
        if connection.number == 0 and connection.asked > 3:
            connection.silent = True  # a half-open connection: no FIN, no RST, no answer
        else:
            connection.answer(stream)

    server.behaviour = behaviour
    answers = post(sender, server, 20, message_seconds=1)
    assert set(answers) == {FINE, (0, "timeout")} or set(answers) == {(0, "timeout")}
    assert post(sender, server, 20) == [FINE] * 20
    assert len(server.connections) == 2


def test_a_message_has_a_deadline_of_its_own_and_those_behind_it_are_still_sent(
    server: Server, sender: transport.Transport
) -> None:
    def behaviour(connection: Connection, stream: int) -> None:
        if connection.asked > transport.STREAMS_A_CONNECTION:
            connection.answer(stream)

    server.behaviour = behaviour  # the first window is never answered, what comes after it is
    count = transport.STREAMS_A_CONNECTION + 50
    answers = post(sender, server, count, seconds=30, message_seconds=1)
    assert answers[: transport.STREAMS_A_CONNECTION] == [(0, "timeout")] * 100
    assert answers[transport.STREAMS_A_CONNECTION :] == [FINE] * 50


def test_what_is_not_reached_by_the_deadline_is_not_taken(
    server: Server, sender: transport.Transport
) -> None:
    server.behaviour = lambda connection, stream: None
    taken: list[int] = []

    def messages() -> Iterator[tuple[int, bytes]]:
        for key in range(500):
            taken.append(key)
            yield key, b"{}"

    answers = sender.exchange(
        server.url, ["Expect:"], messages(),
        deadline=time.monotonic() + 1, message_seconds=10,
    )  # fmt: skip
    assert {reply.error for _key, reply in answers} == {"timeout"}
    assert len(taken) == transport.STREAMS_A_CONNECTION


def test_a_kept_connection_is_renewed_when_it_has_lived_its_time(
    server: Server, sender: transport.Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LIFE_SECONDS", 1)
    assert post(sender, server, 5) == [FINE] * 5
    assert post(sender, server, 5) == [FINE] * 5
    assert len(server.connections) == 1
    time.sleep(2.5)
    assert post(sender, server, 5) == [FINE] * 5
    assert len(server.connections) == 2
