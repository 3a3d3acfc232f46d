"""Which devices a batch of push errands is for, and which of them are still to be tried."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import cast

from django.db import connection

from accounts.models import Device
from hub.lib import crypto, logging
from hub.lib.columns import SealedText
from notifications.models import Errand
from notifications.push import reminders

log = logging.get(__name__)

# Begins at each errand's recipients and looks each one's devices up. OFFSET 0 keeps PostgreSQL from
# pulling the lateral parts apart: having seen broadcasts, it would otherwise expect thousands of
# recipients for every errand and read all devices and all deliveries for a single one.
# What is to be cleared must have been shown. Whoever stands in for one of the recipients of a
# request is pushed with them.
REACHABLE = """
SELECT wanted.errand, device.id::text, recipient.employee_id::text, device.platform,
       device.push_kind, device.push_address, device.push_registered_at, device.push_project,
       device.language
  FROM unnest(string_to_array(%(errands)s, ' ')::bigint[],
              string_to_array(%(notifications)s, ' ')::uuid[],
              string_to_array(%(firsts)s, ' ')::uuid[], string_to_array(%(lasts)s, ' ')::uuid[],
              string_to_array(%(purposes)s, ' '), string_to_array(%(versions)s, ' ')::int[],
              string_to_array(%(moments)s, ' ', '-')::timestamptz[])
       AS wanted(errand, notification, first, last, purpose, version, moment)
 CROSS JOIN LATERAL (
    SELECT employee_id FROM notifications_recipient
     WHERE notification_id = wanted.notification
       AND employee_id BETWEEN wanted.first AND wanted.last
       AND (wanted.moment IS NULL OR arrived_at = wanted.moment)
       AND (NOT by_delegation OR wanted.purpose = 'clear')
    UNION ALL
    SELECT DISTINCT standing_in.delegate_id
      FROM (SELECT holder_id, step FROM notifications_seat
             WHERE notification_id = wanted.notification AND wanted.purpose <> 'clear'
               AND holder_id BETWEEN wanted.first AND wanted.last OFFSET 0) seat
     CROSS JOIN LATERAL (
        SELECT delegate_id, subsystem_id, category_id FROM notifications_delegation
         WHERE principal_id = seat.holder_id AND ended_at IS NULL
           AND starts_at <= %(now)s AND ends_at > %(now)s OFFSET 0) standing_in
     WHERE EXISTS (
        SELECT 1 FROM notifications_notification request
         WHERE request.id = wanted.notification AND seat.step <= request.step
           AND request.requester_id IS DISTINCT FROM standing_in.delegate_id
           AND coalesce(standing_in.subsystem_id, request.subsystem_id) = request.subsystem_id
           AND coalesce(standing_in.category_id, request.category_id) = request.category_id
        OFFSET 0)
       AND EXISTS (SELECT 1 FROM accounts_employee principal
                    WHERE principal.id = seat.holder_id AND disabled_at IS NULL OFFSET 0)
       AND EXISTS (SELECT 1 FROM notifications_recipient asked
                    WHERE asked.notification_id = wanted.notification
                      AND asked.employee_id = seat.holder_id
                      AND (wanted.moment IS NULL OR asked.arrived_at = wanted.moment) OFFSET 0)
       AND EXISTS (SELECT 1 FROM notifications_recipient copy
                    WHERE copy.notification_id = wanted.notification
                      AND copy.employee_id = standing_in.delegate_id AND copy.by_delegation
                   OFFSET 0)
    OFFSET 0) recipient
 CROSS JOIN LATERAL (
    SELECT device.id, device.platform, device.push_kind, device.push_address,
           device.push_registered_at, device.push_project, employee.language
      FROM accounts_device device
      JOIN accounts_employee employee ON employee.id = device.employee_id
     WHERE device.employee_id = recipient.employee_id AND device.push_address_index IS NOT NULL
       AND device.closed_at IS NULL AND employee.disabled_at IS NULL
       AND NOT EXISTS (
        SELECT 1 FROM notifications_delivery tried
         WHERE tried.notification_id = wanted.notification
           AND tried.employee_id = recipient.employee_id AND tried.device_id = device.id
           AND tried.purpose = wanted.purpose AND tried.version = wanted.version
           AND tried.state <> 'queued')
       AND (wanted.purpose <> 'clear' OR EXISTS (
        SELECT 1 FROM notifications_delivery shown
         WHERE shown.notification_id = wanted.notification
           AND shown.employee_id = recipient.employee_id AND shown.device_id = device.id
           AND shown.purpose <> 'clear' AND shown.state IN ('queued', 'sent', 'delivered')))
    OFFSET 0) device
"""


@dataclass(slots=True)  # not frozen: a drain makes thousands, and that costs four times as much
class Target:
    """One device that an errand is for. `address` is None where it can't be opened.

    The ids are text, as the database gives and takes them.
    """

    errand_id: int
    device: str
    employee: str
    platform: str
    kind: str
    address: str | None = field(repr=False)
    registered_at: datetime | None
    project: str
    language: str = ""  # BCP 47; empty: not known

    @property
    def device_id(self) -> uuid.UUID:
        """The device's key."""
        return uuid.UUID(self.device)


def of(errands: Sequence[Errand], *, versions: dict[uuid.UUID, int], now: datetime) -> list[Target]:
    """The reachable devices of the errands' ranges that have no final result yet.

    `versions` are those of the notifications, by id; an errand whose notification isn't there
    has no targets.
    """
    wanted = [errand for errand in errands if errand.about in versions]
    parameters = words(
        errands=[errand.id for errand in wanted],
        notifications=[errand.about for errand in wanted],
        firsts=[errand.employee_from for errand in wanted],
        lasts=[errand.employee_to for errand in wanted],
        purposes=[errand.purpose for errand in wanted],
        versions=[versions[errand.about] for errand in wanted],
        moments=[errand.moment.isoformat() if errand.moment else "-" for errand in wanted],
    )
    with connection.cursor() as cursor:
        cursor.execute(REACHABLE, {**parameters, "now": now})
        rows = cursor.fetchall()
    rung = [errand for errand in wanted if reminders.is_reminder(errand)]
    if rung:
        ids = {errand.id for errand in rung}
        waiting = reminders.still_waiting(rung, now=now)
        rows = [row for row in rows if row[0] not in ids or (row[0], row[2]) in waiting]
    return list(_opened(rows))


def words(**lists: Sequence[object]) -> dict[str, str]:
    """Each list as one parameter: a list of thousands costs the driver 12 microseconds each.

    None of the values may hold a space or be empty.
    """
    return {name: " ".join(map(str, values)) for name, values in lists.items()}


def _opened(rows: Sequence[tuple[object, ...]]) -> Iterator[Target]:
    """The rows with their addresses opened; one that can't be opened harms no other."""
    column = address_column()
    for row in rows:
        errand_id, device, employee, platform, kind, sealed, registered_at, *rest = cast(
            "tuple[int, str, str, str, str, bytes, datetime | None, str, str]", row
        )
        try:
            address = column.open(bytes(sealed), row=device)
        except crypto.DecryptionError:
            log.error("push_address_unreadable", device=device)
            address = None
        yield Target(errand_id, device, employee, platform, kind, address, registered_at, *rest)


@cache
def address_column() -> SealedText:
    """The column that seals push addresses."""
    return cast(SealedText, Device._meta.get_field("push_address"))
