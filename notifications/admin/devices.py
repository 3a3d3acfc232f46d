"""On the page of a phone: what became of the latest pushes to it."""

from accounts.admin import devices, tables
from accounts.models import Device
from notifications import feedback
from notifications.models import Notification


def pushes(device: Device) -> tables.Table:
    """The latest pushes to this phone, the newest first."""
    latest = [
        pushed
        for pushed in feedback.latest(employee_id=device.employee_id)
        if pushed.device_id == device.pk
    ]
    return tables.Table(
        "Latest pushes",
        ["At", "Notification", "Purpose", "State", "Reason", "Attempts"],
        [
            [
                tables.moment(pushed.at),
                tables.link(Notification(pk=pushed.notification_id), pushed.notification_id),
                pushed.purpose,
                pushed.state,
                pushed.reason or tables.NOTHING,
                pushed.attempts,
            ]
            for pushed in latest[: tables.ROWS_AT_MOST]
        ],
        empty="Nothing was pushed to this phone lately.",
    )


devices.BELOW.append(pushes)
