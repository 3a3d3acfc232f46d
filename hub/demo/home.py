"""The demo's directory: where things are, the secrets made once, and which hub is running."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.demo import engines, processes

CHECKOUT = Path(__file__).resolve().parents[2]


class HomeError(Exception):
    """The directory can't be used as asked. The message says why."""


@dataclass(frozen=True)
class Home:
    """Paths inside the demo's data directory; what `clear` deletes is exactly these."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def fcm(self) -> Path:
        return self.path / "fcm"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.env"

    @property
    def people(self) -> Path:
        return self.path / "people.json"

    @property
    def seeded(self) -> Path:
        return self.path / "demo.json"

    @property
    def callbacks(self) -> Path:
        return self.path / "callbacks.jsonl"

    @property
    def callback_secrets(self) -> Path:
        return self.path / "callback-secrets.json"

    @property
    def hub(self) -> Path:
        return self.path / "hub.json"

    @property
    def schedule(self) -> Path:
        return self.path / "beat.schedule"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    @property
    def stamp(self) -> Path:
        return self.path / "made-ready"

    @property
    def running(self) -> Path:
        return self.path / "running.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"


def read_stamp(where: Home) -> str:
    """What the database was last made ready for; empty if it never was."""
    return where.stamp.read_text(encoding="utf-8") if where.stamp.exists() else ""


def write_stamp(where: Home, stamp: str) -> None:
    """Remember what the database was made ready for."""
    where.stamp.write_text(stamp, encoding="utf-8")


def default() -> Home:
    """HUB_DATA_DIR, or .data in the checkout."""
    return Home(Path(os.environ.get("HUB_DATA_DIR") or CHECKOUT / ".data").absolute())


@contextlib.contextmanager
def occupied(home: Home) -> Iterator[None]:
    """Hold the directory for one hub; raises HomeError, naming the other one, if it is taken."""
    home.path.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise HomeError(
            f"{home.path} belongs to another account: run as that one, or choose another "
            f"directory with HUB_DATA_DIR."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        state = read_running(home) or {}
        raise HomeError(
            f"A hub already runs in {home.path}: process {state.get('pid', 'unknown')}, "
            f"{state.get('web', 'still starting')}. Stop it first (Ctrl-C where it runs)."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def read_running(home: Home) -> dict[str, Any] | None:
    """Addresses and pid of the hub that runs here. None if none does, or it was killed."""
    try:
        state: dict[str, Any] = json.loads(home.running.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if processes.alive(int(state.get("pid", 0) or -1)) else None


def write_json(path: Path, content: object) -> None:
    """Replace a file in one step, readable by its owner only."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def provide_secrets(home: Home) -> dict[str, str]:
    """SECRET_KEY, HUB_ENCRYPTION_KEYS and HUB_MAC_KEY: made at the first start, kept (0600)."""
    if not home.secrets.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "HUB_ENCRYPTION_KEYS": f"k1:{_random_base64()}",
            "HUB_MAC_KEY": _random_base64(),
        }
        fresh = home.secrets.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{key}={value}\n" for key, value in made.items()))
        fresh.replace(home.secrets)
    lines = home.secrets.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def clear(home: Home) -> None:
    """Delete the demo's data. Raises HomeError or EngineError if a hub or an engine runs there.

    Deletes what the demo makes and nothing else, whatever HUB_DATA_DIR points to.
    """
    if not home.path.exists():
        return
    with occupied(home):
        engines.remove_postgres(home.postgres)
        for directory in (home.valkey, home.fcm, home.logs, home.metrics):
            shutil.rmtree(directory, ignore_errors=True)
        files = (
            home.secrets, home.people, home.seeded, home.callbacks, home.callback_secrets,
            home.hub, home.stamp, home.running, home.lock,
            *home.path.glob(f"{home.schedule.name}*"),  # beat adds suffixes of its own
        )  # fmt: skip
        for file in files:
            file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: something of somebody else's
        home.path.rmdir()


def _random_base64() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
