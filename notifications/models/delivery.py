"""One push to one device."""

from django.db import models

from hub.lib.personal import Personal

KEPT = "90 days"


class Delivery(models.Model):
    """One push to one device for one recipient, written together with its result.

    States, ordered: queued → sent → delivered; ends: failed(reason), expired, cancelled,
    suppressed(reason). `delivered` only when the app says so. `queued` means the provider asked
    to try later. The key is the only index, because a broadcast writes a row a phone; what was
    pushed to a person is found through their copies. No database foreign keys, as on Recipient.
    Personal data: who was pushed when.
    """

    class Purpose(models.TextChoices):
        # A reminder has a name of its own, with its round: remind1, remind2, …
        SHOW = "show"
        CLEAR = "clear"
        REFUSED = "refused"  # to who decided: the sub-system did not carry it out

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"
        EXPIRED = "expired"
        CANCELLED = "cancelled"
        SUPPRESSED = "suppressed"

    pk = models.CompositePrimaryKey(
        "notification_id", "employee_id", "device_id", "purpose", "version"
    )
    notification = models.ForeignKey(
        "notifications.Notification", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    device = models.ForeignKey(
        "accounts.Device", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    purpose = models.CharField(max_length=8, choices=Purpose)
    version = models.PositiveIntegerField()
    employee = models.ForeignKey(
        "accounts.Employee", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=32, blank=True)
    provider_name = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    first_tried_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("answering 'why didn't I get it?'", "contract", KEPT),
        "provider_name": Personal("following a push at the provider", "contract", KEPT),
    }
    not_personal = frozenset({"purpose", "state", "reason"})

    class Meta:
        verbose_name_plural = "deliveries"
