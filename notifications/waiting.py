"""What waits for a person: one question, asked by the list, the counts and the marks."""

import uuid
from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from notifications import delegated
from notifications.models import Notification, Recipient, Response, Seat


def for_person(employee_id: uuid.UUID, *, standing_in: Sequence[delegated.Grant] = ()) -> Q:
    """What is open and waits for this person.

    Requests in which they hold a free seat, except those that only collect answers, and what they
    must confirm and have not, as it reads now.
    """
    seats = free_seats(employee_id, standing_in=standing_in).exclude(
        notification__policy__mode="collect"
    )
    unconfirmed = Recipient.objects.filter(
        employee_id=employee_id,
        acknowledged_version__lt=F("notification__version"),
        notification__state=Notification.State.OPEN,
        notification__mode=Notification.Mode.LIVE,
    )
    ids = seats.values("notification_id").union(unconfirmed.values("notification_id"), all=True)
    return Q(notification_id__in=ids)


def free_seats(
    employee_id: uuid.UUID, *, standing_in: Sequence[delegated.Grant] = ()
) -> QuerySet[Seat]:
    """A person's seats in the present step of open requests that have not answered its version.

    Theirs, and those of the people for whom they stand in.
    """
    theirs = Q(holder_id=employee_id)
    if standing_in:
        theirs |= delegated.seats(standing_in, employee_id=employee_id)
    answered = Response.objects.filter(
        seat=OuterRef("pk"), version=OuterRef("notification__version")
    )
    return Seat.objects.filter(
        theirs,
        notification__state=Notification.State.OPEN,
        notification__mode=Notification.Mode.LIVE,
        step=F("notification__step"),
    ).exclude(Exists(answered))
