"""The load test: honest times, whatever the hub does, and nobody sees what it sends."""

import asyncio
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey, Device, Subsystem
from hub.loadtest import drive, phases
from notifications.models import Recipient


class Hub:
    """A web server that answers each POST with the next status, and remembers the keys."""

    def __init__(self, *statuses, pause=0.0):
        self.statuses, self.pause, self.keys = list(statuses), pause, []
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._serve, daemon=True).start()
        self.ready.wait(10)

    def _serve(self):
        async def main():
            server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self.ready.set()
            await asyncio.Event().wait()

        self.loop.run_until_complete(main())

    async def _answer(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
                self.keys.append(head.partition("bearer ")[2].split("\r\n")[0])
                await asyncio.sleep(self.pause)
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                if status == 0:
                    writer.close()
                    return
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
def phone(alice, now):
    """Alice can be reached."""
    Device.objects.create(
        employee=alice, installation="i", installation_index=b"i" * 32, platform="android",
        created_at=now, last_seen_at=now, access_digest=b"a" * 32,
        access_expires_at=now + timedelta(days=1), session_expires_at=now + timedelta(days=30),
        push_address="token", push_address_index=b"t" * 32, push_registered_at=now,
    )  # fmt: skip


def sender(name="a", rate=50.0):
    return drive.Sender(name, f"key-of-{name}", lambda number: {"number": number}, rate)


def run(hub, *senders, seconds=0.4):
    return drive.run(hub.url, list(senders), seconds=seconds, path="/api/v1/notifications")


def test_as_many_requests_are_sent_as_the_rate_says_each_with_its_own_key():
    hub = Hub(202)
    told = run(hub, sender("a", 50), sender("b", 10))
    assert told["a"].statuses == {202: 20}
    assert told["b"].statuses == {202: 4}
    assert (hub.keys.count("key-of-a"), hub.keys.count("key-of-b")) == (20, 4)


def test_refusals_and_broken_connections_are_told_apart():
    told = run(Hub(202, 429, 503, 0, 202), sender(rate=20))
    assert told["a"].statuses == {202: 5, 429: 1, 503: 1, 0: 1}


def test_a_slow_hub_is_not_asked_less_often_and_the_waiting_counts(monkeypatch):
    monkeypatch.setattr(drive, "CONNECTIONS", 1)
    told = run(Hub(202, pause=0.05), sender(rate=40))
    assert told["a"].statuses == {202: 16}
    # One connection at 20 a second: the last request waited for those before it.
    assert max(told["a"].seconds) > 0.3


def test_nobody_there_is_told_as_such():
    [tally] = drive.run("http://127.0.0.1:1", [sender(rate=5)], seconds=1, path="/").values()
    assert tally.statuses == {0: 5}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("phone")
def test_it_sends_with_test_keys_that_end_with_it():
    out = StringIO()
    hub = Hub(202)
    call_command("loadtest", hub.url, "--rate", "5", "--seconds", "1", stdout=out)
    lines = out.getvalue().splitlines()
    assert [line.split("  ")[0].strip() for line in lines[1:7]] == [
        "1x", "1x", "5x", "5x", "one at 20x", "one at 20x",
    ]  # fmt: skip
    assert lines[-1].startswith("loadtest: while the other sent 20 times as much")
    assert all(key.startswith("hub_tk_") for key in hub.keys)
    assert not ApiKey.objects.filter(revoked_at=None, subsystem__key__in=phases.NAMES).exists()
    assert Subsystem.objects.filter(key__in=phases.NAMES).count() == 2
    assert not Recipient.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("alice")
def test_without_anybody_to_send_to_it_says_so():
    with pytest.raises(CommandError, match="nobody has a phone"):
        call_command("loadtest", "http://127.0.0.1:1")


@pytest.mark.parametrize("words", [["--rate", "1000"], ["--seconds", "0"]])
def test_absurd_figures_are_refused(words):
    with pytest.raises(CommandError, match="is outside"):
        call_command("loadtest", "http://127.0.0.1:1", *words)
