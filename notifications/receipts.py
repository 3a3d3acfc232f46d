"""What the app says became of a push; nothing else makes a delivery `delivered`."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from notifications.models import Delivery


def delivered(
    *,
    employee_id: uuid.UUID,
    device_id: uuid.UUID,
    notification_ids: Sequence[uuid.UUID],
    now: datetime,
) -> int:
    """Mark the pushes of these notifications to this device as drawn; how many were news."""
    shown = Delivery.objects.filter(
        employee_id=employee_id,
        device_id=device_id,
        notification_id__in=list(notification_ids),
        # A push whose answer was lost may have arrived all the same.
        state__in=[Delivery.State.SENT, Delivery.State.QUEUED],
    ).exclude(purpose=Delivery.Purpose.CLEAR)
    return shown.update(state=Delivery.State.DELIVERED, delivered_at=now)
