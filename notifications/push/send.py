"""Claim, commit, call, record: one range of recipients to the push provider."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Device
from hub.lib import clock, logging
from notifications import errands
from notifications.models import Delivery, Errand, Notification
from notifications.push import results, targets, wording
from notifications.push.gateway import Address, Fate, Gateway, Outcome, Push, Wording

log = logging.get(__name__)

# Nothing is pushed later than a provider would keep it.
LONGEST = timedelta(days=28)


@cache
def gateway() -> Gateway:
    """The push provider of this process, by setting."""
    made: Gateway = import_string(settings.PUSH_GATEWAY)()
    return made


def run(errand: Errand, now: datetime) -> None:
    """Push to every device of the errand's range that has no final result yet.

    The claim is committed already; nothing is locked while the provider is called. After a crash
    in between, the whole range is pushed again under the same tag.
    """
    notification = Notification.objects.select_related("subsystem", "category").get(
        id=errand.notification_id
    )
    if not wanted(errand, notification=notification, now=now):
        _end(errand, notification=notification)
        return
    devices = targets.of(errand, notification=notification)
    pushes = compose(errand, notification=notification, devices=devices, now=now)
    log.info("push_calling", errand=errand.id, notification=str(notification.id), of=len(pushes))
    if notification.mode == Notification.Mode.TEST:
        outcomes = [Outcome(fate=Fate.SENT, reason=results.TEST_MODE) for _ in pushes]
    else:
        outcomes = gateway().send(pushes) if pushes else []
    results.record(
        errand,
        notification=notification,
        results=[results.Result(*pair) for pair in zip(devices, outcomes, strict=True)],
        now=clock.now(),
    )


def wanted(errand: Errand, *, notification: Notification, now: datetime) -> bool:
    """Whether there is still a reason to push: nothing closed or expired is shown."""
    if now - errand.created_at > LONGEST:
        return False
    if errand.purpose == Delivery.Purpose.CLEAR:
        return True
    expired = notification.expires_at is not None and notification.expires_at <= now
    return notification.state == Notification.State.OPEN and not expired


def compose(
    errand: Errand, *, notification: Notification, devices: Sequence[Device], now: datetime
) -> list[Push]:
    """One push a device; devices of one platform share one wording, so it is encoded once."""
    wordings = {
        platform: _wording(errand, notification=notification, platform=platform, now=now)
        for platform in {device.platform for device in devices}
    }
    return [
        Push(
            address=Address(kind=device.push_kind, value=str(device.push_address)),
            wording=wordings[device.platform],
        )
        for device in devices
    ]


def _wording(
    errand: Errand, *, notification: Notification, platform: str, now: datetime
) -> Wording:
    if errand.purpose == Delivery.Purpose.CLEAR:
        return wording.clear(
            notification_id=str(notification.id),
            platform=platform,
            expires_at=notification.expires_at,
            now=now,
        )
    card = notification.card
    return wording.show(
        notification_id=str(notification.id),
        version=notification.version,
        kind=notification.kind,
        category=notification.category.key,
        subsystem_name=notification.subsystem.name,
        sensitivity=notification.sensitivity,
        title=card["title"],
        summary=card["summary"],
        platform=platform,
        urgent=errand.lane <= 1,
        expires_at=notification.expires_at,
        collapse_key=notification.collapse_key or None,
        silent=False,
        now=now,
    )


def _end(errand: Errand, *, notification: Notification) -> None:
    """Nothing to push any more: what was to be tried again is cancelled or expired."""
    closed = notification.state != Notification.State.OPEN
    Delivery.objects.filter(
        notification=notification,
        purpose=errand.purpose,
        state=Delivery.State.QUEUED,
        employee_id__range=(errand.employee_from, errand.employee_to),
    ).update(state=Delivery.State.CANCELLED if closed else Delivery.State.EXPIRED)
    errands.finish(errand)
