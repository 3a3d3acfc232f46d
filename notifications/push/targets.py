"""Which devices a push errand is for, and which of them are still to be tried."""

import uuid
from collections.abc import Sequence

from accounts.models import Device
from notifications.models import Delivery, Errand, Notification

# Small ranges begin at the recipients and look each one's devices up. Without LATERAL the planner,
# which has seen broadcasts, would read every device there is for a notification to one person.
SHOW = """
SELECT device.* FROM (
    SELECT employee_id FROM notifications_recipient
     WHERE notification_id = %(notification)s
       AND employee_id BETWEEN %(first)s AND %(last)s) recipient
CROSS JOIN LATERAL (
    SELECT device.id, device.employee_id, device.platform, device.push_kind,
           device.push_address, device.push_registered_at
      FROM accounts_device device
      JOIN accounts_employee employee ON employee.id = device.employee_id
     WHERE device.employee_id = recipient.employee_id AND device.push_address_index IS NOT NULL
       AND device.closed_at IS NULL AND employee.disabled_at IS NULL) device
WHERE NOT EXISTS (
    SELECT 1 FROM notifications_delivery delivery
     WHERE delivery.notification_id = %(notification)s AND delivery.device_id = device.id
       AND delivery.purpose = %(purpose)s AND delivery.version = %(version)s
       AND delivery.state <> 'queued')
"""

# Only what was shown needs clearing.
SHOWN = """
  AND EXISTS (
    SELECT 1 FROM notifications_delivery shown
     WHERE shown.notification_id = %(notification)s AND shown.device_id = device.id
       AND shown.purpose = 'show' AND shown.state IN ('queued', 'sent', 'delivered'))
"""


def of(errand: Errand, *, notification: Notification) -> Sequence[Device]:
    """The reachable devices of the errand's range that have no final result yet."""
    clearing = errand.purpose == Delivery.Purpose.CLEAR
    query = SHOW + SHOWN if clearing else SHOW
    parameters: dict[str, uuid.UUID | str | int | None] = {
        "notification": notification.id,
        "first": errand.employee_from,
        "last": errand.employee_to,
        "purpose": errand.purpose,
        "version": notification.version,
    }
    return list(Device.objects.raw(query, parameters))
