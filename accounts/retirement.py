"""Retirement: sessions that end by themselves, because nobody comes back to them."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts import devices
from accounts.models import Activation, Device

DEVICES_A_BATCH = 500


def retire(*, now: datetime) -> int:
    """End what is over; how many sessions. In batches, each its own transaction.

    Over are: sessions past their absolute life; devices not heard of for DEVICE_STALE_AFTER; and
    devices whose address Firebase no longer knows (the app was removed) and which registered no
    other one within UNREGISTERED_SESSION_LIFE. Nothing is pushed to an ended session.
    """
    stale = now - settings.DEVICE_STALE_AFTER
    expired = Q(session_expires_at__lte=now) | Q(last_seen_at__lte=stale)
    gone = Q(
        push_address_index=None,
        push_lost_reason__in=devices.UNREGISTERED,
        push_lost_at__lte=now - settings.UNREGISTERED_SESSION_LIFE,
    ) & ~Q(pk__in=Activation.objects.filter(echoed_at=None).values("device"))
    return _close(expired, Device.ClosedReason.EXPIRED, now) + _close(
        gone, Device.ClosedReason.UNREGISTERED, now
    )


def _close(over: Q, reason: str, now: datetime) -> int:
    closed = 0
    found = Device.objects.filter(over, closed_at=None)
    while batch := list(found.order_by("pk").values_list("pk", flat=True)[:DEVICES_A_BATCH]):
        # Asked again under the lock: a phone may have come back meanwhile.
        ended = devices.close_over(found.filter(pk__in=batch), reason=reason, now=now)
        if not ended:
            break
        closed += ended
    return closed
