"""Opening a module: a one-time code goes to its address, and comes back for who opened it.

The code is good for a minute, once, for the sub-system of the module only, and only while the
session that opened it goes on. See docs/self-serve.md.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.devices import Session
from accounts.models import ApiKey
from accounts.subsystems import Caller
from hub.lib import bearer, errors
from notifications.categories import LiveKeyNeeded
from selfserve import catalogue, counts
from selfserve.definition import Definition
from selfserve.models import LaunchCode

PREFIX = "hub_lc_"
PARAMETER = "hub_code"
LIFE = timedelta(seconds=60)


class ModuleIsForm(errors.HubError):
    """It has no address: the app renders its form."""

    code, status, title = "module_is_a_form", 409, "The module is a form"


class CodeUsed(errors.HubError):
    """The code was exchanged before; only the first time counts."""

    code, status, title = "launch_code_used", 409, "The code was used"


class CodeExpired(errors.HubError):
    """The code is older than a minute."""

    code, status, title = "launch_code_expired", 409, "The code has expired"


class LaunchEnded(errors.HubError):
    """Whoever opened the module may not do so any more."""

    code, status, title = "launch_ended", 409, "The launch has ended"


@dataclass(frozen=True, slots=True)
class Launch:
    """Where the app goes, and until when the code in that address is good."""

    address: str = field(repr=False)
    expires_at: datetime
    definition: Definition


@dataclass(frozen=True, slots=True)
class Identity:
    """Who opened the module, as far as it may know."""

    module: str
    employee_id: str
    claims: dict[str, str]
    launched_at: datetime


def launch(*, session: Session, key: str, now: datetime) -> Launch:
    """Open a module. Raises NotFound for one the employee does not see, and ModuleIsForm."""
    with transaction.atomic():
        seen = catalogue.one(employee_id=session.employee_id, key=key)
        if seen.definition.form is not None:
            raise ModuleIsForm("Read its form and hand it in instead.")
        issued = bearer.issue(PREFIX)
        LaunchCode.objects.create(
            digest=issued.digest,
            module=seen.module,
            device_id=session.device_id,
            employee_id=session.employee_id,
            issued_at=now,
            expires_at=now + LIFE,
        )
        catalogue.note_use(employee_id=session.employee_id, module=seen.module, now=now)
        audit.record(
            now=now,
            actor=audit.Actor("employee", str(session.employee_id)),
            action="module_launched",
            subject_kind="module",
            subject_id=seen.module.pk,
            data={"key": key, "device": str(session.device_id)},
        )
        counts.add(seen.module, "launches", now=now)
    address = addressed(seen.definition, code=issued.text)
    return Launch(address, now + LIFE, seen.definition)


def addressed(shown: Definition, *, code: str) -> str:
    """The module's address with a code, in the part of it that the module asked for."""
    if shown.code_in == "fragment":
        return f"{shown.address}#{PARAMETER}={code}"
    return f"{shown.address}{'&' if '?' in shown.address else '?'}{PARAMETER}={code}"


def exchange(*, caller: Caller, code: str, key: str, now: datetime) -> Identity:
    """Who opened the module, for its sub-system's live key; the code is spent by it.

    Raises NotFound for an unknown code and equally for one of another module or sub-system, then
    CodeUsed, CodeExpired, LaunchEnded, and LiveKeyNeeded. Whatever is refused of a code that
    exists is on the audit log.
    """
    if caller.mode != ApiKey.Mode.LIVE:
        raise LiveKeyNeeded("Who opened a module is told to a live key only.")
    if not bearer.well_formed(code, prefix=PREFIX):
        raise unknown()
    with transaction.atomic():
        row = (
            LaunchCode.objects.select_for_update(of=("self",))
            .select_related("module__subsystem", "device", "employee")
            .filter(digest=bearer.digest(code))
            .first()
        )
        if row is None:
            raise unknown()
        refusal = _refusal(row, caller=caller, key=key, now=now)
        _note(row, caller=caller, refusal=refusal, now=now)
        if refusal is None:
            row.used_at = now
            row.save(update_fields=["used_at"])
            identity = _identity(row)
            counts.add(row.module, "exchanges", now=now)
    if refusal is not None:  # raised where it does not undo what was noted
        raise refusal
    return identity


def unknown() -> errors.NotFound:
    """One refusal for codes that are not there and for those of others."""
    return errors.NotFound("There is no such code of this module.")


def _refusal(row: LaunchCode, *, caller: Caller, key: str, now: datetime) -> errors.HubError | None:
    if row.module.subsystem_id != caller.subsystem_id or row.module.key != key:
        return unknown()
    if row.used_at is not None:
        return CodeUsed("A code is good once. Have the employee open the module again.")
    if row.expires_at <= now:
        return CodeExpired("A code is good for a minute. Have the employee open the module again.")
    device = row.device
    is_over = device.closed_at is not None or device.session_expires_at <= now
    if is_over or not catalogue.contains(row.module, employee_id=row.employee_id):
        return LaunchEnded("Whoever opened it has been signed out, or sees the module no more.")
    return None


def _identity(row: LaunchCode) -> Identity:
    shown = catalogue.one_of(row.module)
    assert shown is not None
    entitled = [name for name in shown.claims if name != "employee_id"]
    claims: dict[str, Any] = {name: getattr(row.employee, name) for name in entitled}
    return Identity(row.module.key, row.employee.employee_id, claims, row.issued_at)


def _note(
    row: LaunchCode, *, caller: Caller, refusal: errors.HubError | None, now: datetime
) -> None:
    reason = {} if refusal is None else {"reason": refusal.code}
    audit.record(
        now=now,
        actor=audit.Actor("subsystem", str(caller.subsystem_id)),
        action="launch_exchanged" if refusal is None else "launch_exchange_refused",
        subject_kind="module",
        subject_id=row.module_id,
        data={"key": row.module.key, "employee": str(row.employee_id), **reason},
    )
