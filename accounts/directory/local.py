"""The embedded default: a directory in one JSON file, read again whenever the file changes.

For demos, tests and hubs without Active Directory. Passwords are kept only as Django's salted
hashes; the file is written 0600 and replaced in one step, so readers never see half of it.
"""

import contextlib
import json
import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import hashers

from accounts.directory import credentials, refusals
from accounts.directory.port import Group, Mark, Person, Piece, Reading
from hub.lib import clock, logging

log = logging.get(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A person with what signing in needs: the password in clear, only on its way into the file."""

    person: Person
    password: str
    password_expired: bool = False
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    person: Person
    password_hash: str
    password_expired: bool
    must_change: bool


@dataclass(frozen=True, slots=True)
class _Content:
    stamp: tuple[int, int, int]
    by_key: Mapping[str, _Entry]
    by_guid: Mapping[uuid.UUID, _Entry]
    groups: tuple[Group, ...]
    decoy_hash: str  # as costly to verify as a real one


class LocalDirectory:
    """A `Directory` over one file. A file that is absent or broken is DirectoryUnavailable."""

    def __init__(
        self,
        *,
        path: Path,
        required_group: str = "",
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._path, self._required_group, self._now = path, required_group, now
        self._lock = threading.Lock()
        self._content: _Content | None = None

    def authenticate(self, *, user_name: str, password: str) -> Person:
        """See `port.Directory`. An unknown name costs the same time as a wrong password."""
        if not credentials.password_is_possible(password):
            raise refusals.InvalidCredentials
        content = self._read()
        entry = content.by_key.get(credentials.name_key(user_name))
        encoded = entry.password_hash if entry else content.decoy_hash
        # The hasher itself, not check_password(): that one spends extra time on wrong passwords
        # whose hash is cheaper than the default, and names would show by their timing.
        right = hashers.identify_hasher(encoded).verify(password, encoded)
        if entry is None or not right:
            raise refusals.InvalidCredentials
        person = self._standing(entry.person, content)
        if not person.enabled:
            raise refusals.AccountDisabled
        if entry.must_change:
            raise refusals.PasswordMustChange
        if entry.password_expired:
            raise refusals.PasswordExpired
        if not person.admitted:
            raise refusals.NotAdmitted
        return person

    def look_up(self, *, object_guid: uuid.UUID, within: timedelta | None = None) -> Person | None:
        """See `port.Directory`."""
        content = self._read()
        entry = content.by_guid.get(object_guid)
        return self._standing(entry.person, content) if entry else None

    def groups_of(self, *, object_guid: uuid.UUID) -> frozenset[uuid.UUID]:
        """See `port.Directory`."""
        groups = self._read().groups
        return frozenset(
            group.object_guid for group in groups if object_guid in _inside(groups, group.name)
        )

    def lock_out(self) -> None:
        """See `port.Directory`. A file locks nobody out."""

    @contextlib.contextmanager
    def read(self, *, since: Mapping[str, int]) -> Iterator[Reading]:
        """See `port.Directory`. Always complete: a file is read as a whole anyway."""
        yield _LocalReading(self._read(), now=self._now())

    def _standing(self, person: Person, content: _Content) -> Person:
        return replace(
            _at(person, self._now()),
            admitted=not self._required_group
            or person.object_guid in _inside(content.groups, self._required_group),
        )

    def _read(self) -> _Content:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            with self._lock:
                if self._content is None or self._content.stamp != stamp:
                    raw = json.loads(self._path.read_text(encoding="utf-8"))
                    self._content = _parse(raw, stamp=stamp)
                return self._content
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("local_directory_unreadable", path=str(self._path), error=repr(error))
            raise refusals.DirectoryUnavailable from error


class _LocalReading:
    """A `port.Reading` of the file as it was at one moment."""

    mark: Mark | None = None
    is_complete = True

    def __init__(self, content: _Content, *, now: datetime) -> None:
        self._content, self._now = content, now

    def people(self) -> Iterator[Sequence[Person]]:
        yield [_at(entry.person, self._now) for entry in self._content.by_guid.values()]

    def groups(self) -> Iterator[Sequence[Piece]]:
        yield [
            Piece(group.object_guid, group.name, sorted(group.member_guids | group.child_guids))
            for group in self._content.groups
        ]

    def present(self) -> Iterator[Sequence[uuid.UUID]]:
        yield list(self._content.by_guid)

    def present_groups(self) -> Iterator[Sequence[uuid.UUID]]:
        yield [group.object_guid for group in self._content.groups]


def _at(person: Person, now: datetime) -> Person:
    over = person.expires_at is not None and person.expires_at <= now
    return replace(person, enabled=False) if over else person


def _inside(groups: Iterable[Group], name: str) -> set[uuid.UUID]:
    """Everybody in the group of that name, or in one inside it."""
    by_guid = {group.object_guid: group for group in groups}
    waiting = [group for group in by_guid.values() if group.name.lower() == name.lower()]
    seen: set[uuid.UUID] = set()
    found: set[uuid.UUID] = set()
    while waiting:
        group = waiting.pop()
        if group.object_guid not in seen:
            seen.add(group.object_guid)
            found |= group.member_guids
            waiting += [by_guid[child] for child in group.child_guids if child in by_guid]
    return found


def write(
    *,
    path: Path,
    accounts: Iterable[Account],
    groups: Iterable[Group],
    hash_iterations: int | None = None,
) -> None:
    """Replace the file at `path` by these people and groups.

    `hash_iterations` makes the hashes cheaper than Django's default (300 people at the default
    take minutes); accounts with the same password then share one salted hash. Only for
    passwords that are public anyway. Raises ValueError if two accounts share a name or a guid.
    """
    hasher = hashers.PBKDF2PasswordHasher()
    hashed: dict[str, str] = {}
    people: list[dict[str, Any]] = []
    for account in accounts:
        if hash_iterations is None:
            encoded = hasher.encode(account.password, hasher.salt())
        elif account.password in hashed:
            encoded = hashed[account.password]
        else:
            encoded = hasher.encode(account.password, hasher.salt(), iterations=hash_iterations)
            hashed[account.password] = encoded
        people.append(
            asdict(account.person)
            | {
                "password_hash": encoded,
                "password_expired": account.password_expired,
                "must_change": account.must_change,
            }
        )
    decoy = hasher.encode("", hasher.salt(), iterations=hash_iterations)
    document = {"people": people, "groups": [asdict(group) for group in groups], "decoy": decoy}
    text = json.dumps(document, default=_plain, ensure_ascii=False, indent=1)
    _parse(json.loads(text), stamp=(0, 0, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)


def _plain(value: object) -> object:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a directory file")


def _parse(raw: Any, *, stamp: tuple[int, int, int]) -> _Content:
    entries = [_entry(dict(item)) for item in raw["people"]]
    by_key = {credentials.name_key(entry.person.user_name): entry for entry in entries}
    by_guid = {entry.person.object_guid: entry for entry in entries}
    if not len(entries) == len(by_key) == len(by_guid):
        raise ValueError("two people share a user name or an object_guid")
    groups = tuple(
        Group(
            object_guid=uuid.UUID(item["object_guid"]),
            name=item["name"],
            member_guids=frozenset(map(uuid.UUID, item["member_guids"])),
            child_guids=frozenset(map(uuid.UUID, item["child_guids"])),
        )
        for item in raw["groups"]
    )
    return _Content(stamp, by_key, by_guid, groups, raw["decoy"])


def _entry(item: dict[str, Any]) -> _Entry:
    manager, expires = item.pop("manager_guid"), item.pop("expires_at", None)
    item.pop("admitted", None)  # worked out from the groups
    return _Entry(
        password_hash=item.pop("password_hash"),
        password_expired=item.pop("password_expired"),
        must_change=item.pop("must_change"),
        person=Person(
            object_guid=uuid.UUID(item.pop("object_guid")),
            manager_guid=uuid.UUID(manager) if manager else None,
            expires_at=datetime.fromisoformat(expires) if expires else None,
            **item,
        ),
    )
