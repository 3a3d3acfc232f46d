"""An administrator gives a seat to somebody else: the holder is away, has left, or was wrong."""

import uuid
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts import audience, audit
from accounts.models import Employee
from hub.lib import errors
from notifications import closing, errands
from notifications.models import Delivery, Errand, Notification, Response, Seat

# A copy that came by a delegation is kept for good; one that was there comes to the top again.
COPY = """
INSERT INTO notifications_recipient AS copy (employee_id, notification_id, arrived_at)
SELECT id, %(notification)s, %(now)s FROM accounts_employee WHERE id = %(employee)s
    ON CONFLICT (employee_id, notification_id) DO UPDATE
   SET arrived_at = excluded.arrived_at, archived_at = NULL, by_delegation = false,
       changed_in = excluded.changed_in
"""


@transaction.atomic
def reassign(
    *,
    notification_id: uuid.UUID,
    holder: str,
    to: str,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> Seat:
    """Let `to` answer from the seat that `holder` has not answered from; both are employee ids.

    The former holder goes on seeing the request. Raises NotFound, and Invalid with /holder for
    who has no free seat, /to for who can't get it: nobody known and enabled, the requester, or
    who is in that step already, since two seats of one person would be one pair of eyes twice.
    """
    notification = (
        Notification.objects.select_for_update(no_key=True).filter(pk=notification_id).first()
    )
    if notification is None or notification.kind != Notification.Kind.REQUEST:
        raise errors.NotFound("There is no such request.")
    if notification.state in Notification.CLOSED:
        raise errors.Invalid(f"It is {notification.state}; nobody is asked any more.")
    seat = _free(notification, holder=holder).first()
    if seat is None:
        raise _invalid(
            "/holder", "unknown_employee", "This person has no seat left to answer from."
        )
    before, chosen = seat.holder_id, _chosen(notification, seat=seat, to=to)
    seat.holder, seat.source, seat.reason = chosen, Seat.Source.REASSIGNMENT, reason
    seat.save(update_fields=["holder", "source", "reason"])
    if notification.state == Notification.State.OPEN and seat.step == notification.step:
        _show(notification, chosen, now=now)
    closing.touch(notification.id)
    audit.record(
        now=now,
        actor=actor,
        action="seat_reassigned",
        subject_kind="notification",
        subject_id=notification.id,
        data={"seat": str(seat.pk), "from": str(before), "to": str(chosen.pk)},
    )
    return seat


def _free(notification: Notification, *, holder: str) -> QuerySet[Seat]:
    """The seats of a person that are still to be answered from, the next one first."""
    answered = Response.objects.filter(notification=notification, version=notification.version)
    seats = Seat.objects.filter(
        notification=notification, holder__employee_id=holder, step__gte=notification.step
    )
    return seats.exclude(pk__in=answered.values("seat_id")).order_by("step", "id")


def _chosen(notification: Notification, *, seat: Seat, to: str) -> Employee:
    chosen = Employee.objects.filter(employee_id=to, disabled_at=None).first()
    if chosen is None or not audience.is_inside(chosen.pk, notification.audience):
        raise _invalid("/to", "unknown_employee", "No enabled employee has this id.")
    if chosen.pk == notification.requester_id:
        raise _invalid("/to", "requester", "Nobody answers their own request.")
    here = Seat.objects.filter(notification=notification, step=seat.step).exclude(pk=seat.pk)
    if seat.holder_id == chosen.pk or here.filter(Q(holder=chosen) | Q(principal=chosen)).exists():
        raise _invalid("/to", "taken", "This person sits in that step already.")
    return chosen


def _show(notification: Notification, person: Employee, *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COPY, {"notification": notification.id, "employee": person.pk, "now": now})
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.SHOW,
        size=1,
        employees=(person.pk, person.pk),
        due_at=now,
        now=now,
    )


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
