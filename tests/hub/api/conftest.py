"""Doors with everybody before them: the world, a directory that knows alice, no limits."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import LazySettings
from django.core import signals
from django.db import close_old_connections

from accounts.directory import choose
from accounts.models import Employee, Subsystem
from tests.accounts.conftest import FakeDirectory, person
from tests.hub.api import world as worlds


@pytest.fixture(autouse=True)
def generous(settings: LazySettings) -> None:
    """The limits have tests of their own; here hundreds of requests come from one key."""
    settings.EMPLOYEE_REQUESTS_A_MINUTE = 100_000
    settings.SUBSYSTEM_REQUESTS_A_MINUTE = 1_000_000


@pytest.fixture
def world(
    alice: Employee,
    bob: Employee,
    charlie: Employee,
    payroll: Subsystem,
    rosters: Subsystem,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> worlds.World:
    """Everybody, and what alice and payroll own."""
    directory = FakeDirectory()
    directory.add(person(alice), person(bob), person(charlie))
    monkeypatch.setattr(choose, "configured", lambda: directory)
    return worlds.build(
        alice=alice, bob=bob, charlie=charlie, payroll=payroll, rosters=rosters, now=now
    )


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Calls of the WSGI application see the transaction of the test, as Django's client's do."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)
