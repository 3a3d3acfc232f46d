"""A question that an approver asks instead of answering, and its reply."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "the notification's"


class Question(models.Model):
    """A question about a request, to its requester or to the sub-system, and its reply.

    Personal data: who asked, who replied, and both texts (sealed).
    """

    class To(models.TextChoices):
        REQUESTER = "requester"
        SUBSYSTEM = "subsystem"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    notification = models.ForeignKey("notifications.Notification", on_delete=models.CASCADE)
    asker = models.ForeignKey("accounts.Employee", on_delete=models.PROTECT, related_name="+")
    to = models.CharField(max_length=9, choices=To)
    text = SealedText()
    asked_at = models.DateTimeField()
    reply = SealedText(null=True)
    replied_by = models.ForeignKey(
        "accounts.Employee", null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: the sub-system
    replied_at = models.DateTimeField(null=True)

    personal = {
        "asker": Personal("who asked", "contract", KEPT),
        "text": Personal("asking before answering", "contract", KEPT),
        "reply": Personal("asking before answering", "contract", KEPT),
        "replied_by": Personal("who replied", "contract", KEPT),
    }
    not_personal = frozenset({"to"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "asker", "to"],
                condition=models.Q(replied_at=None),
                name="question_one_at_a_time",
            ),
            models.CheckConstraint(
                name="question_reply_has_time",
                condition=models.Q(reply=None, replied_by=None, replied_at=None)
                | models.Q(reply__isnull=False, replied_at__isnull=False),
            ),
        ]
