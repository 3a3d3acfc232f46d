"""What happens when the time to answer is over."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from notifications import closing, errands, reports, surveys
from notifications.approvals import decisions
from notifications.callbacks import events
from notifications.models import Errand, Notification


@transaction.atomic
def run(errand: Errand, now: datetime) -> None:
    """End a notification whose time is over: by its default decision, or as expired.

    What nobody was asked yet (held, or scheduled behind a pause) has no decision by default.
    """
    notification = Notification.objects.select_for_update(no_key=True).get(id=errand.about)
    if not errands.finish(errand) or notification.state in Notification.CLOSED:
        return  # gone: an edit gave it another time, and that an errand of its own
    asked = notification.state == Notification.State.OPEN
    if asked and notification.on_expiry in {"approve", "reject"}:
        decisions.decide(
            notification,
            verb=notification.on_expiry,
            effect=notification.on_expiry,
            response=None,
            actor=audit.Actor(kind="hub", id="expiry"),
            now=now,
        )
        return
    closing.close(notification, state=Notification.State.EXPIRED, now=now)
    if notification.kind != Notification.Kind.NOTICE:
        events.emit(notification, type_="notification.expired", facts=_facts(notification), now=now)


def _facts(notification: Notification) -> dict[str, Any]:
    """Of what had to be confirmed, how many did; of a request, that nobody decided says it all."""
    if notification.kind != Notification.Kind.ACKNOWLEDGEMENT:
        return {**surveys.told(notification)}
    counts = reports.counts(notification)
    return {"recipients": counts["recipients"], "acknowledged": counts["acknowledged"]}
