"""payroll's and rosters' modules, as an administrator has approved them; alice's phone."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts import audit, devices, sessions
from accounts.devices import Session
from accounts.models import Employee, Subsystem
from accounts.subsystems import Caller
from selfserve import modules, places
from selfserve.definition import Definition
from selfserve.models import Module

ADMIN = audit.Actor("staff", "1")
EVERYBODY = {"any": [{"everybody": True}]}
FINANCE = {"any": [{"department": "Finance"}]}


def caller_of(subsystem: Subsystem, mode: str = "live") -> Caller:
    """The sub-system, by one of its keys."""
    return Caller(subsystem_id=subsystem.pk, key_id=uuid.uuid4(), mode=mode)


@pytest.fixture
def hosts(payroll: Subsystem, rosters: Subsystem, now: datetime) -> None:
    """Where their modules may lead."""
    for subsystem in (payroll, rosters):
        allowed = places.Allowed(hosts=[f"{subsystem.key}.corp.example", "*.hr.corp.example"])
        places.allow(subsystem_id=subsystem.pk, allowed=allowed, actor=ADMIN, now=now)


@pytest.fixture
def offer(hosts: None, payroll: Subsystem, now: datetime) -> Callable[..., Module]:
    """An approved module; payroll's, unless it is said otherwise."""

    def make(key: str = "payslips", subsystem: Subsystem = payroll, **said: Any) -> Module:
        if "form" not in said:
            said.setdefault("address", f"https://{subsystem.key}.corp.example/start")
        wanted = Definition(**{"names": {"en": key.capitalize()}, "audience": EVERYBODY, **said})
        return modules.register(
            subsystem_id=subsystem.pk, key=key, wanted=wanted, actor=ADMIN, now=now
        )

    return make


@pytest.fixture
def sign_in(now: datetime) -> Callable[[Employee], Session]:
    """Somebody signs in on a phone of theirs."""

    def make(person: Employee) -> Session:
        claim = devices.Claim(installation=uuid.uuid4().hex, platform="android")
        opened = sessions.open_session(
            employee_id=person.pk, claim=claim, client_address="", now=now
        )
        return Session(opened.device_id, person.pk)

    return make
