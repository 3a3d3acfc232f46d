"""Changes that concern everybody who received a notification, as one row."""

from django.db import models

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
