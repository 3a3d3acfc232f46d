"""A directory whose every answer a test decides, and phones of the cast."""

import contextlib
import dataclasses
import itertools
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pytest

from accounts import audit, devices, subsystems
from accounts.directory import refusals
from accounts.directory.port import Group, Mark, Person, Piece
from accounts.models import Employee, Subsystem
from hub.lib import clock


def person(employee: Employee, **changes: object) -> Person:
    """The directory's view of somebody of the cast."""
    same = Person(
        object_guid=employee.object_guid,
        user_name=employee.user_name,
        employee_id=employee.employee_id,
        mail=employee.mail,
        display_name=employee.display_name,
        department=employee.department,
        geo=employee.geo,
        affiliate=employee.affiliate,
        title=employee.title,
        manager_guid=employee.manager.object_guid if employee.manager else None,
        enabled=employee.disabled_at is None,
    )
    return dataclasses.replace(same, **changes)


class FakeDirectory:
    """A `port.Directory` in memory; every password is `right`, everything else is wrong."""

    def __init__(self) -> None:
        self.persons: dict[uuid.UUID, Person] = {}
        self.all_groups: list[Group] = []
        self.mark: Mark | None = None
        self.is_complete = True
        self.changed: list[Person] = []  # what a reading since a mark shows
        self.changed_groups: list[Group] = []
        self.page = 70
        self.binds = self.lookups = 0
        self.refusal: Exception | None = None
        self.gate: threading.Barrier | None = None  # lookers-up go on together, when all are here
        self._lock = threading.Lock()

    def add(self, *persons: Person) -> None:
        self.persons |= {one.object_guid: one for one in persons}

    def authenticate(self, *, user_name: str, password: str) -> Person:
        with self._lock:
            self.binds += 1
        if self.refusal:
            raise self.refusal
        for one in self.persons.values():
            if one.user_name == user_name and password == "right":
                return one
        raise refusals.InvalidCredentials

    def look_up(self, *, object_guid: uuid.UUID, within: timedelta | None = None) -> Person | None:
        self.lookups += 1
        if self.gate:
            self.gate.wait(30)
        if self.refusal:
            raise self.refusal
        return self.persons.get(object_guid)

    def groups_of(self, *, object_guid: uuid.UUID) -> frozenset[uuid.UUID]:
        if self.refusal:
            raise self.refusal
        direct = [group for group in self.all_groups if object_guid in group.member_guids]
        return frozenset(group.object_guid for group in direct)

    @contextlib.contextmanager
    def read(self, *, since: Mapping[str, int]) -> Iterator["FakeDirectory"]:
        self.asked_since = dict(since)
        usable = self.mark is not None and self.mark.source in since
        self.is_complete = not usable
        yield self

    def people(self) -> Iterator[Sequence[Person]]:
        shown = self.persons.values() if self.is_complete else self.changed
        yield from itertools.batched(shown, self.page)
        if self.refusal:
            raise self.refusal

    def groups(self) -> Iterator[Sequence[Piece]]:
        shown = self.all_groups if self.is_complete else self.changed_groups
        yield [
            Piece(group.object_guid, group.name, [*group.member_guids, *group.child_guids])
            for group in shown
        ]

    def present(self) -> Iterator[Sequence[uuid.UUID]]:
        yield list(self.persons)

    def present_groups(self) -> Iterator[Sequence[uuid.UUID]]:
        yield [group.object_guid for group in self.all_groups]


@pytest.fixture
def directory(alice: Employee, bob: Employee, dana: Employee) -> FakeDirectory:
    """It knows alice, bob and their manager, but not charlie."""
    fake = FakeDirectory()
    fake.add(person(alice), person(bob), person(dana))
    return fake


def phone(installation: str = "phone-1", **more: object) -> devices.Claim:
    """What a phone says of itself."""
    return devices.Claim(installation=installation, **{"platform": "android", **more})


@pytest.fixture
def key(payroll: Subsystem) -> str:
    """A live key of payroll."""
    return subsystems.issue_key(
        subsystem=payroll, mode="live", name="", expires_at=None, actor=audit.HUB, now=clock.now()
    ).text
