"""What left the premises."""

from django.db import models

from hub.lib.personal import Personal


class Outbound(models.Model):
    """How often something of a notification was handed to somebody outside of the hub.

    A row for each notification, recipient outside and purpose: a broadcast adds one. What was in
    it follows from the sensitivity (docs/privacy.md). It outlives the notification.
    Personal data: none; it counts, and names nobody.
    """

    id = models.BigAutoField(primary_key=True)
    notification = models.UUIDField()
    recipient = models.CharField(max_length=80)  # firebase, mail, callback:payroll
    purpose = models.CharField(max_length=32)
    sensitivity = models.CharField(max_length=10)
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"recipient", "purpose", "sensitivity"})

    class Meta:
        verbose_name = verbose_name_plural = "outbound ledger"
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "recipient", "purpose", "sensitivity"],
                name="outbound_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.purpose} of {self.notification}"
