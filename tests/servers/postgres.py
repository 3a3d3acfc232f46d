"""Debian's PostgreSQL 15, the oldest supported: a cluster of our own on a free port.

It never touches Debian's clusters. As root it runs as the account `postgres`, in a temporary
directory that this account can reach (pytest's own directories are closed to it).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers import install, process

PACKAGES = ("postgresql-15",)
BINARIES = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {  # speed before durability: a killed server still recovers, a killed machine may not
    "fsync": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


class Postgres(process.Running):
    """A cluster with the role and the database `hub`; stop() leaves its data alone."""

    data: Path

    def kill(self) -> None:
        """End it as a power cut would. Its backends lead sessions of their own, and one that
        outlives the postmaster for a moment would keep the next one from starting."""
        backends = self._backends()
        super().kill()
        for backend in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
        while any(Path(f"/proc/{backend}").exists() for backend in backends):
            time.sleep(0.01)

    def _backends(self) -> list[int]:
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        except (OSError, process.DidNotStart):
            return []
        return [int(child) for child in children.split()]

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)


def start(directory: Path) -> Postgres:
    """A new cluster, its log in `directory`. Raises install.Missing if PostgreSQL can't be had."""
    install.ensure(*PACKAGES)
    user = "postgres" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
    if user:
        shutil.chown(home, user, user)
    data, port = home / "data", process.free_port()

    def run(*command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, user=user, group=user, cwd="/", capture_output=True, check=True
        )

    run(
        *(str(BINARIES / "initdb"), "--no-sync", "--auth=trust", "--username=postgres"),
        *("--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={data}"),
    )
    client = (str(BINARIES / "psql"), "-h127.0.0.1", f"-p{port}", "-Upostgres", "-dpostgres", "-qc")

    def answers() -> bool:
        ask = [str(BINARIES / "pg_isready"), "-h127.0.0.1", f"-p{port}", "-q"]
        return subprocess.run(ask, check=False).returncode == 0

    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    running = Postgres(
        url=f"postgres://hub@127.0.0.1:{port}/hub",
        command=[str(BINARIES / "postgres"), f"-D{data}", f"-p{port}", *settings],
        log=directory / "postgres.log",
        answers=answers,
        user=user,
        stop_signal=signal.SIGINT,  # "fast": open sessions are ended
    )
    running.data = home
    run(*client, "CREATE ROLE hub LOGIN CREATEDB")
    run(*client, "CREATE DATABASE hub OWNER hub")
    return running
