"""Confirming that one has read: what a person must do with an acknowledgement, once a version.

See docs/sub-system-api.md, "Acknowledgements".
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Employee
from hub.lib import clock, errors
from hub.lib.columns import CurrentTransactionId
from notifications import errands, hints, inbox
from notifications.approvals import refusals
from notifications.callbacks import events
from notifications.models import Delivery, Errand, Notification, Recipient


class NothingToAcknowledge(errors.HubError):
    """It only informs, or it asks for an answer; nobody has to confirm it."""

    code, status, title = "nothing_to_acknowledge", 409, "Nothing to confirm"


def acknowledge(
    *,
    employee_id: uuid.UUID,
    notification_id: uuid.UUID,
    version: int,
    now: datetime,
    mode: str = inbox.LIVE,
) -> inbox.Item:
    """Confirm that the person has read this version; the item as it is afterwards.

    A hundred thousand people may confirm at once, so nothing but the person's own copy is locked:
    the statement that confirms checks that the version is the present one and still open. Repeating
    it changes nothing and is answered alike. Raises NotFound for who has no copy,
    NothingToAcknowledge, VersionChanged with the new content, Withdrawn, Settled and Expired.
    """
    with transaction.atomic():
        if _confirm(employee_id, notification_id, version=version, mode=mode, now=now):
            _tell(employee_id, notification_id, version=version, now=now)
            hints.employee(employee_id)
    item = inbox.item(employee_id=employee_id, notification_id=notification_id, mode=mode)
    if item["kind"] != Notification.Kind.ACKNOWLEDGEMENT:
        raise NothingToAcknowledge("Nobody asked you to confirm this one.")
    if item["acknowledged_at"] is None or item["version"] != version:
        _refuse(item, now=now)
    return item


def _confirm(
    employee_id: uuid.UUID, notification_id: uuid.UUID, *, version: int, mode: str, now: datetime
) -> bool:
    """Whether it was news: the copy was there, unconfirmed, and all still stands."""
    standing = Notification.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        id=notification_id,
        mode=mode,
        state=Notification.State.OPEN,
        version=version,
    )
    copies = Recipient.objects.filter(
        employee_id=employee_id,
        notification_id__in=standing.values("id"),
        acknowledged_version__lt=version,
    )
    changed = copies.update(
        acknowledged_at=now, acknowledged_version=version, changed_in=CurrentTransactionId()
    )
    return changed == 1


def _tell(
    employee_id: uuid.UUID, notification_id: uuid.UUID, *, version: int, now: datetime
) -> None:
    """Take it off the person's other phones; tell the sender, if it hears of each."""
    notification = Notification.objects.get(id=notification_id)
    errands.add(
        kind=Errand.Kind.PUSH,
        notification=notification,
        purpose=Delivery.Purpose.CLEAR,
        size=1,
        employees=(employee_id, employee_id),
        due_at=now,
        now=now,
    )
    if not notification.tells_each:
        return
    locked = Notification.objects.select_for_update(no_key=True).get(id=notification_id)
    person = Employee.objects.get(id=employee_id)
    facts = {
        "version": version,
        "actor": {"employee_id": person.employee_id, "on_behalf_of": None},
        "acknowledged_at": clock.text(now),
    }
    events.emit(locked, type_="notification.acknowledged", facts=facts, now=now)


def _refuse(item: inbox.Item, *, now: datetime) -> None:
    """Raise why this version is not confirmed."""
    state, data = item["state"], {"state": item["state"]}
    expires_at = item["expires_at"]
    overdue = expires_at is not None and datetime.fromisoformat(expires_at) <= now
    if state == Notification.State.WITHDRAWN:
        raise refusals.Withdrawn(
            "The sender took this back.", data={**data, "reason": item["closed_reason"] or ""}
        )
    if state == Notification.State.SETTLED:
        raise refusals.Settled("This matter was completed elsewhere.", data=data)
    if state == Notification.State.EXPIRED or overdue:
        raise refusals.Expired("The time to confirm this is over.", data=data)
    raise refusals.VersionChanged(
        "The content changed after you saw it. Read it again, then confirm it.",
        data={"item": item},
    )
