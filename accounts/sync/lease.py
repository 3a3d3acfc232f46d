"""One run at a time: a lease in the row of the source, not a lock of a session.

A pooler may give each transaction another session, and a run that is killed must give way. Every
transaction of a run makes sure of the lease first, so who lost it writes nothing any more.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import Synchronisation
from hub.lib import clock

DIRECTORY = "directory"
_RENEWED_EVERY = timedelta(seconds=3)


class Lost(Exception):
    """The lease ran out and somebody else took over: stop, and write nothing."""


def length() -> timedelta:
    """A fifth of the bound, within 10 to 60 seconds: a killed run must not cost the bound."""
    return min(timedelta(seconds=60), max(timedelta(seconds=10), settings.DIRECTORY_BOUND / 5))


@dataclass
class Lease:
    """A run's right to write."""

    token: uuid.UUID
    renewed_at: datetime

    def renew(self) -> None:
        """Hold it further; call it between steps that take seconds. Raises Lost."""
        now = clock.now()
        if now - self.renewed_at < _RENEWED_EVERY:
            return
        if not _own(self).update(lease_until=now + length()):
            raise Lost
        self.renewed_at = now

    def assure(self) -> None:
        """Inside a transaction: nobody takes it over before this transaction ends. Raises Lost."""
        if not _own(self).select_for_update().exists():
            raise Lost


def take() -> tuple[Lease, Synchronisation] | None:
    """The lease and the state of the directory's row; None while another run holds it."""
    now = clock.now()
    Synchronisation.objects.get_or_create(name=DIRECTORY)
    free = Synchronisation.objects.filter(name=DIRECTORY).filter(
        Q(lease_until=None) | Q(lease_until__lte=now)
    )
    lease = Lease(uuid.uuid4(), now)
    if not free.update(lease_token=lease.token, lease_until=now + length()):
        return None
    return lease, Synchronisation.objects.get(name=DIRECTORY)


def give_back(lease: Lease, *, result: str, **facts: Any) -> None:
    """End the run: what it came to, in one word, and what is known from now on. Raises Lost."""
    ended = _own(lease).update(
        lease_token=None, lease_until=None, ended_at=clock.now(), result=result, **facts
    )
    if not ended:
        raise Lost


def _own(lease: Lease) -> Any:
    return Synchronisation.objects.filter(name=DIRECTORY, lease_token=lease.token)
