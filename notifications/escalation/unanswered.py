"""Who is still waited for, and which of them are at work now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Employee
from notifications import calendars
from notifications.clocks import Clock
from notifications.models import Notification, Recipient, Response, Seat


@dataclass(frozen=True, slots=True)
class Shift:
    """Whose clocks say that they work now, and when the next of the others begin."""

    clocks: list[Clock]
    later: datetime | None

    def at_work(self, prefix: str = "") -> Q:
        """The condition that somebody is at work."""
        condition = Q(pk__in=[])
        for time_zone, geo in self.clocks:
            condition |= Q(**{f"{prefix}time_zone": time_zone, f"{prefix}geo": geo})
        return condition


def free_seats(notification: Notification) -> QuerySet[Seat]:
    """The seats of the present step that have not answered the present version."""
    answered = Response.objects.filter(seat=OuterRef("pk"), version=notification.version)
    return Seat.objects.filter(notification=notification, step=notification.step).exclude(
        Exists(answered)
    )


def copies(notification: Notification) -> QuerySet[Recipient]:
    """The copies of those who have not answered, or not confirmed, what is there now."""
    rows = Recipient.objects.filter(notification=notification, employee__disabled_at=None)
    if notification.kind == Notification.Kind.REQUEST:
        return rows.filter(employee_id__in=free_seats(notification).values("holder_id"))
    return rows.filter(acknowledged_version__lt=notification.version)


def shift(
    clocks: Iterable[Clock], *, notification: Notification, book: calendars.Book, now: datetime
) -> Shift:
    """Which of these work now. What is urgent waits for nobody's working time."""
    working: list[Clock] = []
    later: list[datetime] = []
    for clock in set(clocks):
        begins_at = now if is_urgent(notification) else book.next_moment(clock, moment=now)
        if begins_at <= now:
            working.append(clock)
        else:
            later.append(begins_at)
    return Shift(working, min(later, default=None))


def is_urgent(notification: Notification) -> bool:
    """Whether it may disturb people at any hour."""
    return notification.priority == Notification.Priority.URGENT


def clock_of(employee: Employee) -> Clock:
    """The person's clock."""
    return (employee.time_zone, employee.geo)
