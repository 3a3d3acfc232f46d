"""Who was told: the recipients and deliveries of one notification, page by page, by keyset.

Both tables have composite keys, which Django's lists do not take, and may have a row for
everybody; a page reads its hundred rows from an index and counts nothing.
"""

import uuid
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from accounts import rights
from accounts.admin import tables
from accounts.models import Employee
from hub.lib import cursors
from notifications import recipients as people
from notifications.models import Delivery, Notification

PAGE_ROWS = 100
# What an address may ask for: those who have not read, confirmed or answered.
LACKING = {"unread": "read", "unconfirmed": "acknowledged", "unanswered": "responded"}


@dataclass(frozen=True, slots=True)
class Page:
    """A table, the ids of the people in it, and the cursor of the next page (empty: the last)."""

    table: tables.Table
    people: tuple[uuid.UUID, ...]
    following: str


def recipients(
    notification: Notification, *, staff: rights.User, employee: str, after: str, only: str = ""
) -> Page:
    """Who sees it and when they did what, from a cursor on; with an employee id, that one only.

    Those whom `staff` may see; `only` those of LACKING who have not. Raises Invalid for a cursor
    that no page gave out.
    """
    lacking = {LACKING[only]: False} if only in LACKING else {}
    found = people.narrowed(notification, **lacking).select_related("employee")
    found = rights.narrow(found, staff=staff)
    if employee:
        found = found.filter(employee__in=Employee.objects.filter(employee_id=employee))
    elif after:
        found = found.filter(employee_id__gt=_uuid(cursors.decode(after, parts=1)[0]))
    rows = list(found.order_by("employee_id")[: PAGE_ROWS + 1])
    shown = rows[:PAGE_ROWS]
    table = tables.Table(
        "Recipients",
        ["Employee", "Name", "Arrived", "Seen", "Read", "Acknowledged", "Responded", "Archived"],
        [
            [
                tables.link(row.employee),
                row.employee.display_name,
                tables.moment(row.arrived_at),
                tables.moment(row.seen_at),
                tables.moment(row.read_at),
                tables.moment(row.acknowledged_at),
                tables.moment(row.responded_at),
                tables.moment(row.archived_at),
            ]
            for row in shown
        ],
        empty="Nobody by this id received it." if employee else "No more recipients.",
    )
    following = cursors.encode(shown[-1].employee_id) if len(rows) > PAGE_ROWS else ""
    return Page(table, tuple(row.employee_id for row in shown), following)


def deliveries(
    notification: Notification, *, staff: rights.User, employee: str, after: str, only: str = ""
) -> Page:
    """What was pushed to which phone and what became of it; as `recipients`."""
    found = rights.narrow(Delivery.objects.filter(notification=notification), staff=staff)
    if employee:
        found = found.filter(employee__in=Employee.objects.filter(employee_id=employee))
    elif after:
        device, purpose, version = cursors.decode(after, parts=3)
        if not version.isdigit() or len(version) > 9:
            raise cursors.bad()
        found = found.filter(_beyond(_uuid(device), purpose, int(version)))
    rows = list(
        found.select_related("employee", "device").order_by("device_id", "purpose", "version")[
            : PAGE_ROWS + 1
        ]
    )
    shown = rows[:PAGE_ROWS]
    table = tables.Table(
        "Deliveries",
        [
            "Employee", "Name", "Device", "Purpose", "Version", "State", "Reason",
            "Attempts", "First tried", "Sent", "Delivered",
        ],
        [
            [
                tables.link(row.employee),
                row.employee.display_name,
                tables.link(row.device, row.device.model or str(row.device_id)[:13]),
                row.purpose,
                row.version,
                row.state,
                row.reason or tables.NOTHING,
                row.attempts,
                tables.moment(row.first_tried_at),
                tables.moment(row.sent_at),
                tables.moment(row.delivered_at),
            ]
            for row in shown
        ],
        empty="Nothing was pushed to this person." if employee else "No more deliveries.",
    )  # fmt: skip
    last = shown[-1] if len(rows) > PAGE_ROWS else None
    following = cursors.encode(last.device_id, last.purpose, last.version) if last else ""
    return Page(table, tuple(dict.fromkeys(row.employee_id for row in shown)), following)


def asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for: an employee id, or a cursor; and those only who have not."""
    names = ("employee", "after", "only")
    return {name: request.GET.get(name, "").strip().replace("\0", "") for name in names}


def _beyond(device: uuid.UUID, purpose: str, version: int) -> Q:
    """The rows after this one, in the order of the key."""
    return Q(device_id__gt=device) | Q(device_id=device) & (
        Q(purpose__gt=purpose) | Q(purpose=purpose, version__gt=version)
    )


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise cursors.bad() from None
