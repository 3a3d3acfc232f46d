"""A file that came with a notification."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedBytes, SealedText
from hub.lib.personal import Personal


class Attachment(models.Model):
    """A file that a sub-system sent to the hub, for whoever sees one notification.

    States: waiting for its notification (purged after a day), or of one, with which it goes.
    Never at an address of its own: it is read through the item alone (`notifications.attachments`).
    Personal data: whatever is in the file, and its name (both sealed).
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey("accounts.Subsystem", on_delete=models.CASCADE)
    mode = models.CharField(max_length=4)  # of the key it was sent with
    notification = models.ForeignKey(
        "notifications.Notification", null=True, on_delete=models.CASCADE
    )
    type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    created_at = models.DateTimeField()
    name = SealedText()
    content = SealedBytes()

    personal = {
        "name": Personal("showing the file to the recipients", "contract", "the notification's"),
        "content": Personal("showing the file to the recipients", "contract", "the notification's"),
    }
    not_personal = frozenset({"mode", "type"})

    class Meta:
        indexes = [
            # What nobody has used, to be purged.
            models.Index(
                fields=["created_at"],
                condition=models.Q(notification=None),
                name="attachment_unused",
            )
        ]
