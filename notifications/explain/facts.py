"""What the hub knows about one person and one notification; of its words, nothing."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from accounts import audience
from accounts.models import Device, Employee
from hub.lib import errors
from notifications import fanout, quiet, switches
from notifications.explain.chain import Facts, Phone, Push, Work
from notifications.models import (
    Category,
    Delivery,
    Errand,
    Mail,
    Notification,
    Recipient,
    Seat,
)

PHONES_AT_MOST = 20


def of(*, employee: Employee, notification: Notification, now: datetime) -> Facts:
    """Everything that the chain is made of, by some ten small reads. Nothing is written."""
    copy = Recipient.objects.filter(employee=employee, notification=notification).first()
    seats = Seat.objects.filter(
        Q(holder=employee) | Q(principal=employee), notification=notification
    )
    steps = list(seats.values_list("step", flat=True))
    is_request = notification.kind == Notification.Kind.REQUEST
    silence = _silence(employee, notification, now=now)
    names = dict(_phones(employee))
    return Facts(
        now=now,
        disabled_at=employee.disabled_at,
        disabled_reason=employee.disabled_reason,
        kind=notification.kind,
        mode=notification.mode,
        state=notification.state,
        version=notification.version,
        send_at=notification.send_at,
        closed_at=notification.closed_at,
        fanned_out_at=notification.fanned_out_at,
        is_meant=bool(steps) if is_request else _is_meant(employee, notification),
        is_inside=audience.is_inside(employee.pk, notification.audience),
        is_asked_later=bool(steps) and min(steps) > notification.step,
        arrived_at=None if copy is None else copy.arrived_at,
        by_delegation=copy is not None and copy.by_delegation,
        seen_at=None if copy is None else copy.seen_at,
        read_at=None if copy is None else copy.read_at,
        archived_at=None if copy is None else copy.archived_at,
        silence="" if silence is None else silence.reason,
        silent_until=None if silence is None else silence.until,
        paused_at=notification.subsystem.paused_at,
        pushes_paused_at=switches.pushes_paused_at(),
        phones=tuple(names.values()),
        work=tuple(_work(employee, notification, now=now)),
        pushes=tuple(_pushes(employee, notification, names=names)),
        mails=tuple(_mails(employee, notification)),
    )


def find(*, notification: str) -> Notification:
    """The notification of that id. Raises NotFound."""
    try:
        found = Notification.objects.select_related("subsystem", "category").filter(
            pk=uuid.UUID(notification.strip())
        )
    except ValueError:
        found = Notification.objects.none()
    row = found.first()
    if row is None:
        raise errors.NotFound("There is no notification of this id.")
    return row


def _is_meant(employee: Employee, notification: Notification) -> bool:
    people = fanout.recipients_of(notification)
    # One who has left is in no audience: that they have left is told by itself.
    return people.filter(pk=employee.pk).exists()


def _silence(
    employee: Employee, notification: Notification, *, now: datetime
) -> quiet.Silence | None:
    """Whether the person would be left in peace at this moment, and why."""
    essential = Category.objects.values_list("essential", flat=True).get(
        pk=notification.category_id
    )
    optional = notification.kind == Notification.Kind.NOTICE and not essential
    asked = quiet.Range(
        first=str(employee.pk),
        last=str(employee.pk),
        optional=notification.category_id if optional else None,
        urgent=notification.priority == Notification.Priority.URGENT,
    )
    return quiet.of([asked], now=now).silences.get((0, str(employee.pk)))


def _phones(employee: Employee) -> Iterator[tuple[uuid.UUID, Phone]]:
    found = Device.objects.filter(employee=employee).order_by("-pk")[:PHONES_AT_MOST]
    for device in found:
        yield (
            device.pk,
            Phone(
                name=device.model or device.get_platform_display(),
                signed_in_at=device.created_at,
                closed_at=device.closed_at,
                closed_reason=device.closed_reason,
                reachable=device.push_address_index is not None,
                lost_at=device.push_lost_at,
                lost_reason=device.push_lost_reason,
            ),
        )


def _work(employee: Employee, notification: Notification, *, now: datetime) -> Iterator[Work]:
    made_for = Q(employee_from__lte=employee.pk, employee_to__gte=employee.pk)
    everybody = Q(kind=Errand.Kind.FAN_OUT)
    found = Errand.objects.filter(made_for | everybody, notification=notification)
    for errand in found.order_by("pk")[:PHONES_AT_MOST]:
        if errand.dead_at is not None:
            standing = "dead"
        elif errand.lease_until is not None and errand.lease_until > now:
            standing = "leased"
        else:
            standing = "due" if errand.due_at <= now else "waiting"
        yield Work(errand.kind, standing, errand.due_at, errand.attempts, errand.last_error)


def _pushes(
    employee: Employee, notification: Notification, *, names: dict[uuid.UUID, Phone]
) -> Iterator[Push]:
    found = Delivery.objects.filter(notification=notification, employee=employee)
    for row in found.order_by("first_tried_at", "device_id", "purpose"):
        phone = names.get(row.device_id)
        yield Push(
            to="a former phone" if phone is None else phone.name,
            purpose=row.purpose,
            state=row.state,
            reason=row.reason,
            attempts=row.attempts,
            at=row.delivered_at or row.sent_at or row.first_tried_at,
        )


def _mails(employee: Employee, notification: Notification) -> Iterator[Push]:
    for row in Mail.objects.filter(notification=notification, employee=employee).order_by("pk"):
        yield Push(
            to="the address of the directory",
            purpose=row.purpose,
            state=row.state,
            reason=row.reason,
            attempts=row.attempts,
            at=row.sent_at or row.created_at,
        )
