"""The access log: from which network addresses a person's devices spoke, one row a day.

No request waits for a statement of its own: each process keeps today's rows in mind and counts in
memory. Only the first request of a device from an address on a day writes before it is answered, so
that a row which should be there is there whatever dies; what is counted is written together,
every ACCESS_LOG_FLUSH_SECONDS. A process that is killed loses that much of its counts and of its
times of last access, never a device, an address or a day. See docs/adr/0023.
"""

import atexit
import os
import threading
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, cast

from django.conf import settings
from django.db import close_old_connections, connection

from accounts.devices import Session
from accounts.models import Access
from hub.lib import cursors, ids, keys, logging
from hub.lib.columns import SealedText

log = logging.get(__name__)

# In one process: above it what is known is written and forgotten, and then written first again.
KNOWN_AT_MOST = 50_000

# In the order of the unique key, so that two processes that write the same rows never deadlock.
# What is of a device that is not there any more is left out.
WRITE = """
INSERT INTO accounts_access (id, employee_id, device_id, day, address, address_index,
                             first_at, last_at, requests)
SELECT seen.id, device.employee_id, device.id, seen.day, seen.address, seen.address_index,
       seen.first_at, seen.last_at, seen.requests
  FROM unnest(%(ids)s::uuid[], %(devices)s::uuid[], %(days)s::date[], %(addresses)s::bytea[],
              %(indexes)s::bytea[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[],
              %(requests)s::int[])
       AS seen(id, device, day, address, address_index, first_at, last_at, requests)
  JOIN accounts_device device ON device.id = seen.device
 ORDER BY seen.device, seen.day, seen.address_index
    ON CONFLICT (device_id, day, address_index) DO UPDATE
   SET first_at = least(accounts_access.first_at, excluded.first_at),
       last_at = greatest(accounts_access.last_at, excluded.last_at),
       requests = accounts_access.requests + excluded.requests
"""


class Place(NamedTuple):
    """Which row: a device, its address, a day in UTC."""

    device_id: uuid.UUID
    address: str
    day: date


@dataclass(slots=True)
class Count:
    """Requests that are not written yet; none of them if `requests` is 0."""

    first_at: datetime
    last_at: datetime
    requests: int = 1

    def add(self, other: "Count") -> None:
        """Count the other's too."""
        if not self.requests:
            self.first_at, self.last_at = other.first_at, other.last_at
        elif other.requests:
            self.first_at = min(self.first_at, other.first_at)
            self.last_at = max(self.last_at, other.last_at)
        self.requests += other.requests


class Ledger:
    """What one process knows of today's rows. `begin` has a thread write what was counted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[Place, Count] = {}
        self.begun = False
        self.pid = 0

    def note(self, *, session: Session, client_address: str, now: datetime) -> None:
        """Count one request; where it is the first of its row in this process, write it."""
        place = Place(session.device_id, client_address, now.astimezone(UTC).date())
        one = Count(now, now)
        with self.lock:
            count = self.known.get(place)
            if count is not None:
                count.add(one)
                return
        write({place: one})  # if it fails the request fails, and the next one writes
        with self.lock:
            self.known.setdefault(place, Count(now, now, 0))
            crowded = len(self.known) > KNOWN_AT_MOST
        if crowded:
            self.flush()
            with self.lock:  # only what another thread counted meanwhile stays
                self.known = {place: one for place, one in self.known.items() if one.requests}
        if self.begun and self.pid != os.getpid():  # the first one, or the first after a fork
            self.pid = os.getpid()
            threading.Thread(target=self.serve, name="access-log", daemon=True).start()
            atexit.register(self.flush)

    def begin(self) -> None:
        """From the next request on have a thread write what is counted: for who serves.

        Not with an ACCESS_LOG_FLUSH of 0, as in tests: what nobody flushes is not written then.
        """
        self.begun = timedelta(0) < settings.ACCESS_LOG_FLUSH

    def serve(self) -> None:
        """Write what was counted, for ever; what fails is tried again with what comes."""
        while True:
            time.sleep(settings.ACCESS_LOG_FLUSH.total_seconds())
            try:
                close_old_connections()
                self.flush()
            except Exception as error:  # noqa: BLE001  # the database may be away
                log.warning("access_log_waits", error=type(error).__name__)

    def flush(self) -> int:
        """Write what was counted since the last time; how many rows. A failure loses nothing."""
        with self.lock:
            counted = {place: one for place, one in self.known.items() if one.requests}
            today = max((place.day for place in self.known), default=None)
            self.known = {
                place: Count(one.first_at, one.last_at, 0)
                for place, one in self.known.items()
                if place.day == today
            }
        if not counted:
            return 0
        try:
            write(counted)
        except Exception:
            with self.lock:
                for place, one in counted.items():
                    self.known.setdefault(place, Count(one.first_at, one.last_at, 0)).add(one)
            raise
        return len(counted)


ledger = Ledger()


def write(counted: dict[Place, Count]) -> None:
    """Add these counts to their rows, by one statement."""
    column = cast(SealedText, Access._meta.get_field("address"))
    made = [(ids.uuid7(), place, one) for place, one in counted.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "ids": [row for row, _, _ in made],
                "devices": [place.device_id for _, place, _ in made],
                "days": [place.day for _, place, _ in made],
                "addresses": [column.seal(place.address, row=row) for row, place, _ in made],
                "indexes": [address_index(place.address) for _, place, _ in made],
                "firsts": [one.first_at for _, _, one in made],
                "lasts": [one.last_at for _, _, one in made],
                "requests": [one.requests for _, _, one in made],
            },
        )


def address_index(address: str) -> bytes:
    """What a network address is found by."""
    return keys.ring().blind_index(address, purpose="network-address")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of somebody's log, newest first."""

    entries: Collection[Access]
    after: str | None


def page(*, employee_id: uuid.UUID, after: str | None = None, page_size: int = 50) -> Page:
    """A page of the person's own log. Raises Invalid for a cursor that the list did not give."""
    rows = Access.objects.filter(employee_id=employee_id).select_related("device")
    if after is not None:
        try:
            rows = rows.filter(pk__lt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.order_by("-pk")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    return Page(found, cursors.encode(found[-1].pk) if more else None)
