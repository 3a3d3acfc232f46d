"""The fixed cast: alice receives, bob approves, charlie is the stranger, payroll sends."""

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import settings as hypothesis_settings

from accounts.models import Employee, Subsystem
from hub.lib import clock

pytest_plugins = ["tests.servers.plugin"]

# Hypothesis fails an example that takes longer than 200 ms: on a busy machine that is no news.
hypothesis_settings.register_profile("hub", deadline=None)
hypothesis_settings.load_profile("hub")


@pytest.fixture
def now() -> datetime:
    """A fixed moment inside today, so that tests read alike."""
    return clock.now().replace(microsecond=0)


def employee(name: str, employee_id: str, **more: object) -> Employee:
    """An employee of the cast, as the directory would have brought them."""
    return Employee.objects.create(
        object_guid=uuid.uuid5(uuid.NAMESPACE_DNS, name),
        employee_id=employee_id,
        user_name=name,
        mail=f"{name}@corp.example",
        display_name=name.capitalize(),
        seen_in_directory_at=datetime(2026, 1, 1, tzinfo=UTC),
        **{"department": "Finance", "geo": "DE", **more},
    )


@pytest.fixture
def dana(db: None) -> Employee:
    """The manager of alice and bob."""
    return employee("dana", "E1000", title="Head of Finance")


@pytest.fixture
def alice(db: None, dana: Employee) -> Employee:
    """She receives."""
    return employee("alice", "E1001", manager=dana)


@pytest.fixture
def bob(db: None, dana: Employee) -> Employee:
    """He approves."""
    return employee("bob", "E1002", manager=dana)


@pytest.fixture
def charlie(db: None) -> Employee:
    """The stranger, who must see nothing."""
    return employee("charlie", "E1003", department="IT", geo="IN")


@pytest.fixture
def payroll(db: None, now: datetime) -> Subsystem:
    """It sends."""
    return Subsystem.objects.create(key="payroll", name="Payroll", created_at=now)


@pytest.fixture
def rosters(db: None, now: datetime) -> Subsystem:
    """Another sub-system, which must see nothing of payroll's."""
    return Subsystem.objects.create(key="rosters", name="Rosters", created_at=now)
