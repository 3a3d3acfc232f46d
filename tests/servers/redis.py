"""Debian's Redis 7, the oldest supported, on a free port, configured as in production."""

from pathlib import Path

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
        answers=lambda: process.listens("127.0.0.1", port),
    )
