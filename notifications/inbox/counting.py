"""What badges show: how many are unread and how many wait, each counted no further than needed."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import Count, Q, QuerySet

from hub.lib import clock
from notifications import delegated, waiting
from notifications.inbox.copies import asleep
from notifications.models import Notification, Recipient

COUNT_CAP = 100  # beyond it a badge says "99+"
LOOKED_THROUGH = 1000  # unread copies, the newest, among which each category's are counted


class Counts(TypedDict):
    """How many wait, are unread and are put off; `capped` where one of them is COUNT_CAP."""

    unread: int
    waiting: int
    snoozed: int
    capped: bool


class CategoryCount(TypedDict):
    """What is unread and what waits in one category, each up to COUNT_CAP."""

    subsystem: dict[str, str]
    category: dict[str, str]
    unread: int
    waiting: int
    capped: bool


def counts(*, employee_id: uuid.UUID, now: datetime | None = None) -> Counts:
    """Unread, waiting and snoozed, each counted to COUNT_CAP at most by a partial index.

    What is snoozed is neither unread nor waiting until it comes back.
    """
    rows = _Rows.of(employee_id, now or clock.now())
    numbers = [
        len(some.values_list("notification_id")[:COUNT_CAP])
        for some in (rows.unread, rows.waiting, rows.snoozed)
    ]
    return {
        "unread": numbers[0],
        "waiting": numbers[1],
        "snoozed": numbers[2],
        "capped": COUNT_CAP in numbers,
    }


def counts_by_category(
    *, employee_id: uuid.UUID, now: datetime | None = None
) -> list[CategoryCount]:
    """The same for each category that has any, in the order of their names.

    Counted among the newest LOOKED_THROUGH that are unread, and as many that wait.
    """
    rows = _Rows.of(employee_id, now or clock.now())
    unread, waits = _by_category(rows.unread), _by_category(rows.waiting)
    named = sorted(unread.keys() | waits.keys(), key=lambda key: (key[1], key[3], key))
    return [
        {
            "subsystem": {"key": subsystem, "name": subsystem_name},
            "category": {"key": category, "name": name},
            "unread": min(COUNT_CAP, unread.get(key, 0)),
            "waiting": min(COUNT_CAP, waits.get(key, 0)),
            "capped": max(unread.get(key, 0), waits.get(key, 0)) >= COUNT_CAP,
        }
        for key in named
        for subsystem, subsystem_name, category, name in [key]
    ]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The copies that are counted."""

    unread: QuerySet[Recipient]
    waiting: QuerySet[Recipient]
    snoozed: QuerySet[Recipient]

    @classmethod
    def of(cls, employee_id: uuid.UUID, now: datetime) -> "_Rows":
        who = delegated.reader(employee_id=employee_id, now=now)
        owned, sleeps = delegated.owned(who), asleep(now)
        waits = waiting.for_person(employee_id, standing_in=who.standing_in)
        return cls(
            unread=owned.filter(read_at=None, archived_at=None).exclude(sleeps),
            waiting=owned.filter(waits).exclude(sleeps),
            # Only what has a time can be asleep: by a partial index.
            snoozed=owned.filter(Q(snoozed_until__isnull=False), sleeps),
        )


_Key = tuple[str, str, str, str]


def _by_category(rows: QuerySet[Recipient]) -> dict[_Key, int]:
    ids = rows.order_by("-arrived_at", "-notification_id").values("notification_id")
    found = (
        Notification.objects.filter(id__in=ids[:LOOKED_THROUGH])
        .values_list("subsystem__key", "subsystem__name", "category__key", "category__name")
        .annotate(number=Count("id"))
    )
    return {(row[0], row[1], row[2], row[3]): row[4] for row in found}
