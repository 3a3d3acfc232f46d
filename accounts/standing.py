"""Whether an account still stands, asked of the directory at the moment when it matters.

Between two synchronisations the hub believes what it knows. A decision asks at once, on a short
leash; what was confirmed is believed for a minute in this process. A directory that does not
answer disables nobody: the hub goes on with the word of the last synchronisation, unless the
caller would rather refuse (a step-up). For some seconds after such a failure it is not asked
again, so that an outage does not cost every decision its time-out.
"""

import threading
import uuid
import weakref
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from accounts import audit, people
from accounts.directory import port
from accounts.directory import refusals as directory_refusals
from accounts.models import Employee
from hub.lib import logging

log = logging.get(__name__)

_NOT_ASKED_AGAIN_FOR = timedelta(seconds=5)
_REMEMBERED_AT_MOST = 10_000  # employees, in one process


@dataclass
class _Memory:
    """What this process knows of one directory's answers."""

    confirmed: dict[uuid.UUID, datetime] = field(default_factory=dict)
    silent_until: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_memories: weakref.WeakKeyDictionary[port.Directory, _Memory] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def confirm(
    *,
    employee_id: uuid.UUID,
    directory: port.Directory,
    now: datetime,
    fail_closed: bool = False,
) -> None:
    """Return if this employee's account stands; call it before the transaction of a decision.

    Raises AccountDisabled: an account that is switched off or over is disabled here and now, with
    all its sessions; one that the directory does not have, or that is not in the required group,
    is refused only, since absence is judged by the guarded synchronisation. With `fail_closed`
    raises DirectoryUnavailable when the directory does not answer within STANDING_TIMEOUT.
    """
    memory = _memory(directory)
    with memory.lock:
        confirmed_at = memory.confirmed.get(employee_id)
        silent = memory.silent_until is not None and now < memory.silent_until
    if confirmed_at is not None and timedelta(0) <= now - confirmed_at < settings.STANDING_CACHE:
        return
    if silent and not fail_closed:
        return
    employee = Employee.objects.get(pk=employee_id)
    try:
        ask(directory=directory, employee=employee, now=now, within=settings.STANDING_TIMEOUT)
    except directory_refusals.DirectoryUnavailable:
        log.warning("standing_without_directory", fail_closed=fail_closed)
        with memory.lock:
            memory.silent_until = now + _NOT_ASKED_AGAIN_FOR
        if fail_closed:
            raise
        return
    with memory.lock:
        memory.silent_until = None
        if len(memory.confirmed) >= _REMEMBERED_AT_MOST:
            memory.confirmed.clear()
        memory.confirmed[employee_id] = now


def ask(
    *,
    directory: port.Directory,
    employee: Employee,
    now: datetime,
    within: timedelta | None = None,
) -> None:
    """Ask the directory itself, whatever is remembered.

    Raises AccountDisabled as `confirm` does, and DirectoryUnavailable.
    """
    person = directory.look_up(object_guid=employee.object_guid, within=within)
    if person is None or not person.admitted:
        raise directory_refusals.AccountDisabled
    if not person.enabled:
        people.set_disabled(employee_id=employee.pk, reason="directory", actor=audit.HUB, now=now)
        raise directory_refusals.AccountDisabled


def _memory(directory: port.Directory) -> _Memory:
    with _making:
        return _memories.setdefault(directory, _Memory())
