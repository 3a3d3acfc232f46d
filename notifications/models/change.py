"""What a phone's feed tells besides the copies that are there: changes for everybody, and ends."""

from django.db import models
from django.db.models.functions import Now

from hub.lib.columns import CurrentTransactionId, TransactionId
from hub.lib.personal import Personal


class BroadcastChange(models.Model):
    """A notification changed for all its recipients at once; a phone's feed joins it.

    One row instead of one write per recipient, so closing a broadcast costs what closing a
    request of two costs. Personal data: none.
    """

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(
        "notifications.Notification", on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField()
    changed_in = TransactionId(db_default=CurrentTransactionId())

    personal: dict[str, Personal] = {}
    not_personal = frozenset[str]()

    class Meta:
        indexes = [models.Index(fields=["changed_in"], name="broadcast_changed")]


class Tombstone(models.Model):
    """A copy that is gone, by retention or erasure: phones that hold it are told to drop it.

    Written by a trigger on the copies, which no road of deleting can forget; kept for as long as a
    cursor may be that needs it (`notifications.changes`). Personal data: who had received what.
    """

    id = models.BigAutoField(primary_key=True)
    employee_id = models.UUIDField()  # no foreign key: they may be gone as well
    notification_id = models.UUIDField()
    at = models.DateTimeField(db_default=Now())
    changed_in = TransactionId(db_default=CurrentTransactionId())

    personal = {
        "employee_id": Personal("dropping from phones what is gone", "contract", "35 days"),
    }
    not_personal = frozenset({"notification_id"})

    class Meta:
        # The feed a phone follows.
        indexes = [models.Index(fields=["employee_id", "changed_in"], name="tombstone_changed")]
