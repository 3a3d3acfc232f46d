"""The servers that the tests stand on come up, survive what is done to them, and go away."""

import os
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from tests.servers import install, postgres, process, redis
from tests.servers import samba as domain_controllers


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_postgres_is_version_15_and_keeps_what_was_committed_when_killed(
    postgres15: postgres.Postgres,
) -> None:
    with psycopg.connect(postgres15.url) as connection:
        assert connection.info.server_version // 10_000 == 15
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    killed = postgres15.pid
    postgres15.kill()
    assert not _alive(killed)
    postgres15.start_again()
    with psycopg.connect(postgres15.url) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        connection.execute("DROP TABLE kept")


def test_redis_is_version_7_and_keeps_its_append_only_file_when_killed(
    redis7: process.Running,
) -> None:
    client = Redis.from_url(redis7.url)
    assert client.info()["redis_version"].startswith("7.")
    client.set("kept", "yes")
    redis7.kill()
    redis7.start_again()
    assert client.get("kept") == b"yes"
    client.delete("kept")


def test_a_stopped_server_leaves_no_process(tmp_path: Path, redis7: process.Running) -> None:
    running = redis.start(tmp_path)
    pid = running.pid
    running.freeze()
    running.stop()
    assert not _alive(pid)
    assert Redis.from_url(redis7.url).ping()


def test_two_domain_controllers_stand_side_by_side(
    tmp_path: Path, samba: domain_controllers.Samba
) -> None:
    other = domain_controllers.start(tmp_path)
    try:
        other.disable("alice")
        with samba.administrator() as connection:
            connection.search(
                samba.base_dn, "(sAMAccountName=alice)", attributes=["userAccountControl"]
            )
            assert connection.entries[0].userAccountControl.value == str(0x10200)
    finally:
        other.remove()


def test_a_package_that_does_not_exist_is_reported_with_the_command_that_was_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(install.Missing, match="apt-get install --no-install-recommends no-such"):
        install.ensure("no-such-package-of-ours")
