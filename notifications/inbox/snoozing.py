"""Putting off what can't be dismissed: it leaves the list, and comes back by itself.

The clock decides at every read whether a copy is asleep (`inbox.copies.asleep`); the errand that is
due at the end only lets the person's change feed tell it. See docs/adr/0022-snooze-and-search.md.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction

from hub.lib import clock, errors
from hub.lib.columns import CurrentTransactionId
from notifications import delegated, errands, hints
from notifications.inbox.items import Item, item
from notifications.models import Errand, Notification, Recipient


class NothingToSnooze(errors.HubError):
    """It has ended, so nothing of it comes back."""

    code, status, title = "nothing_to_snooze", 409, "Nothing to put off"


def snooze(
    *, employee_id: uuid.UUID, notification_id: uuid.UUID, until: datetime | None, now: datetime
) -> Item:
    """Put one's own copy off until a moment, or wake it (None); the item as it is afterwards.

    It is put off as it reads now: an edit wakes it, and so does its end. Reminders, escalation and
    expiry go on meanwhile. An archived copy leaves the archive. Raises NotFound for who has no
    copy, NothingToSnooze for what has ended, and Invalid for a moment that is past, too far away,
    or beyond its expiry.
    """
    if until is not None:
        _check(until, now=now)
    with transaction.atomic():
        who = delegated.reader(employee_id=employee_id, now=now)
        copy = (
            delegated.owned(who)
            .select_related("notification")
            .filter(notification_id=notification_id)
            .first()
        )
        if copy is None:
            raise errors.NotFound("There is no such notification in your inbox.")
        notification = copy.notification
        if until is not None:
            _refuse_ended(notification, until=until, now=now)
            errands.add(
                kind=Errand.Kind.UNSNOOZE,
                notification=notification,
                employees=(employee_id, employee_id),
                size=1,
                due_at=until,
                now=now,
            )
        Recipient.objects.filter(employee_id=employee_id, notification_id=notification_id).update(
            snoozed_until=until,
            snoozed_version=notification.version if until is not None else None,
            archived_at=copy.archived_at if until is None else None,
            changed_in=CurrentTransactionId(),
        )
        hints.employee(employee_id)
    return item(employee_id=employee_id, notification_id=notification_id, now=now)


def run(errand: Errand, now: datetime) -> None:
    """Let the person's feed tell that a copy is back, if no later moment was chosen since."""
    assert errand.employee_from is not None
    with transaction.atomic():
        if errands.finish(errand):
            Recipient.objects.filter(
                employee_id=errand.employee_from,
                notification_id=errand.about,
                snoozed_until__lte=now,
            ).update(snoozed_until=None, snoozed_version=None, changed_in=CurrentTransactionId())
            hints.employee(errand.employee_from)


def _check(until: datetime, *, now: datetime) -> None:
    if until <= now:
        raise _invalid("/until", "in_the_past", "Choose a moment that is still to come.")
    if until > now + settings.SNOOZE_LONGEST:
        days = settings.SNOOZE_LONGEST.days
        raise _invalid(
            "/until", "too_far_away", f"At most {days} days from now. Choose an earlier moment."
        )


def _refuse_ended(notification: Notification, *, until: datetime, now: datetime) -> None:
    expires_at = notification.expires_at
    is_over = expires_at is not None and expires_at <= now
    if notification.state != Notification.State.OPEN or is_over:
        raise NothingToSnooze("It has ended. Archive it instead.")
    if expires_at is not None and until >= expires_at:
        raise _invalid(
            "/until",
            "after_expiry",
            f"It ends at {clock.text(expires_at)}. Choose an earlier moment.",
        )


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])
