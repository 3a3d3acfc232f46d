"""The demo's directory: secrets made once, one hub at a time, and only its own files deleted."""

import os
import socket
import stat
from pathlib import Path

import pytest

from hub.demo import home, ports


@pytest.fixture
def where(tmp_path: Path) -> home.Home:
    return home.Home(tmp_path / "data")


def test_secrets_are_made_once_and_readable_by_their_owner_only(where: home.Home) -> None:
    with home.occupied(where):
        first = home.provide_secrets(where)
        assert home.provide_secrets(where) == first
    assert first.keys() == {"SECRET_KEY", "HUB_ENCRYPTION_KEYS", "HUB_MAC_KEY"}
    assert stat.S_IMODE(where.secrets.stat().st_mode) == 0o600


def test_a_second_hub_in_the_same_directory_is_refused_and_the_first_named(
    where: home.Home,
) -> None:
    with home.occupied(where):
        home.write_json(where.running, {"pid": os.getpid(), "web": "http://127.0.0.1:1"})
        with pytest.raises(home.HomeError, match=rf"process {os.getpid()}, http://127.0.0.1:1"):
            home.clear(where)
        assert where.running.exists()


def test_a_killed_hub_does_not_count_as_running(where: home.Home) -> None:
    where.path.mkdir()
    assert home.read_running(where) is None
    home.write_json(where.running, {"pid": 2**22 + 1, "web": "http://127.0.0.1:1"})
    assert home.read_running(where) is None
    where.running.write_text("{")
    assert home.read_running(where) is None


def test_clearing_deletes_what_the_demo_made_and_nothing_else(where: home.Home) -> None:
    with home.occupied(where):
        home.provide_secrets(where)
        where.logs.mkdir()
    (where.path / "thesis.txt").write_text("mine")
    home.clear(where)
    assert [path.name for path in where.path.iterdir()] == ["thesis.txt"]
    (where.path / "thesis.txt").unlink()
    home.clear(where)
    home.clear(where)
    assert not where.path.exists()


def test_a_taken_port_is_named_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(ports.PortTaken, match=f"Port {number} .*--phones-port"):
            ports.require_free(ports.Ports(web=0, phones=number, fcm=0, receiver=0))


def test_free_ports_are_four_different_ones() -> None:
    found = ports.free()
    assert len({found.web, found.phones, found.fcm, found.receiver}) == 4
    ports.require_free(found)
