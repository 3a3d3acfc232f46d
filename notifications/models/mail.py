"""One e-mail to one employee."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "90 days"


class Mail(models.Model):
    """One e-mail to one employee, as a second road beside the pushes.

    States: queued → sent; ends failed(reason), suppressed(reason), cancelled. Its id makes the
    Message-ID, so that one that is sent again after a crash is known for the same. What it says is
    put together as it leaves, and kept nowhere. Personal data: who was written to when.
    """

    class Purpose(models.TextChoices):
        SHOW = "show"  # to who has no phone
        FALLBACK = "fallback"  # to who has not seen it for a while

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"
        CANCELLED = "cancelled"
        SUPPRESSED = "suppressed"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE, related_name="+")
    notification = models.ForeignKey(
        "notifications.Notification", null=True, on_delete=models.CASCADE, db_index=False
    )
    version = models.PositiveIntegerField()
    purpose = models.CharField(max_length=8, choices=Purpose)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("answering 'why didn't I get it?'", "contract", KEPT),
    }
    not_personal = frozenset({"purpose", "state", "reason"})

    class Meta:
        constraints = [
            # Whoever is written to at once is not written to again because they did not look.
            models.UniqueConstraint(
                fields=["notification", "employee", "version"], name="mail_once_per_version"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
