"""Debian's Redis 7, the oldest supported, on a free port, configured as in production."""

from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.servers import install, process

PACKAGES = ("redis-server",)


def start(directory: Path) -> process.Running:
    """A new server with its append-only file and log in `directory`.

    Raises install.Missing if Redis can't be had.
    """
    install.ensure(*PACKAGES)
    port = process.free_port()
    return process.Running(
        url=f"redis://127.0.0.1:{port}/0",
        command=[
            "/usr/bin/redis-server",
            *("--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory)),
            *("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""),
        ],
        log=directory / "redis.log",
        answers=lambda: _serves(port),
    )


def _serves(port: int) -> bool:
    """Whether it answers: it takes connections already while it reads its append-only file."""
    with Redis(host="127.0.0.1", port=port, socket_timeout=1, retry=None) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
