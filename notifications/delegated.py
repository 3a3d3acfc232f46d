"""For whom a person stands in now, and which seats that opens to them.

The clock and the directory decide at every read: nothing here depends on a job that may be late.
See docs/adr/0018-delegation.md.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from hub.lib import statements
from notifications.models import Delegation, Notification, Recipient, Seat

# By hand, because it stands before every read: the ORM would take as long as the rest of it.
HELD = """
SELECT delegation.principal_id, principal.employee_id, delegation.subsystem_id,
       delegation.category_id, delegation.starts_at::text
  FROM notifications_delegation delegation
  JOIN accounts_employee principal ON principal.id = delegation.principal_id
 WHERE delegation.delegate_id = %(employee)s AND delegation.ended_at IS NULL
   AND delegation.starts_at <= %(now)s AND delegation.ends_at > %(now)s
   AND principal.disabled_at IS NULL
"""

LIVE = str(Notification.Mode.LIVE.value)


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody for whom one stands in, for what, and since when."""

    principal_id: uuid.UUID
    employee_id: str
    subsystem_id: uuid.UUID | None
    category_id: uuid.UUID | None
    since: datetime

    def seats(self) -> Q:
        """The principal's seats in what is in scope and was not over when it began."""
        scope = Q(holder_id=self.principal_id)
        if self.subsystem_id is not None:
            scope &= Q(notification__subsystem_id=self.subsystem_id)
        if self.category_id is not None:
            scope &= Q(notification__category_id=self.category_id)
        closed = Q(notification__closed_at=None) | Q(notification__closed_at__gte=self.since)
        return scope & closed


def grants(*, employee_id: uuid.UUID, now: datetime) -> list[Grant]:
    """The delegations that hold for this delegate at this moment; for nearly everybody none."""
    rows = statements.rows(HELD, {"employee": employee_id, "now": now})
    return [
        Grant(principal, name, subsystem, category, datetime.fromisoformat(since))
        for principal, name, subsystem, category, since in rows
    ]


def seats(given: Sequence[Grant], *, employee_id: uuid.UUID) -> Q:
    """The seats that a person may answer from as a delegate, and none of their own requests."""
    found = Q(pk__in=[])
    for grant in given:
        found |= grant.seats()
    return found & ~Q(notification__requester_id=employee_id)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and for whom they stand in at this moment."""

    employee_id: uuid.UUID
    standing_in: Sequence[Grant]
    mode: str = LIVE


def reader(*, employee_id: uuid.UUID, now: datetime, mode: str = LIVE) -> Reader:
    """An employee as a reader at a moment.

    What was sent with a test key is no employee's to see: it is there for simulated answers.
    """
    return Reader(employee_id, grants(employee_id=employee_id, now=now), mode)


def visible(who: Reader) -> Q:
    """Which of a person's copies they see: their own, and those by a delegation that holds."""
    own = Q(employee_id=who.employee_id, by_delegation=False)
    if not who.standing_in:
        return own
    here = _shown(who).filter(notification_id=OuterRef("notification_id"))
    return own | Q(Exists(here), employee_id=who.employee_id)


def owned(who: Reader) -> QuerySet[Recipient]:
    """The copies that a person sees: the only way in, so that no stranger's can be expressed."""
    return Recipient.objects.filter(visible(who), notification__mode=who.mode)


def begun(employee_id: uuid.UUID) -> QuerySet[Recipient]:
    """The copies that a person had by a delegation that has begun, whether it holds or not."""
    told = Seat.objects.filter(
        notification_id=OuterRef("notification_id"),
        step__lte=F("notification__step"),
        holder_id__in=Delegation.objects.filter(
            delegate_id=employee_id, begun_at__isnull=False
        ).values("principal_id"),
    )
    return Recipient.objects.filter(Exists(told), employee_id=employee_id, by_delegation=True)


def _shown(who: Reader) -> QuerySet[Seat]:
    """Seats whose holder has been asked: no delegate sees more than the principal does."""
    asked = Seat.objects.filter(step__lte=F("notification__step")).exclude(
        notification__state__in=[Notification.State.HELD, Notification.State.SCHEDULED]
    )
    return asked.filter(seats(who.standing_in, employee_id=who.employee_id))
