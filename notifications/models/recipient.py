"""One employee's copy of a notification."""

from django.db import models

from hub.lib.columns import CurrentTransactionId, TransactionId
from hub.lib.personal import Personal


class Recipient(models.Model):
    """One employee's copy of a notification: the inbox row; who *sees*.

    Engagement is a set of times, none inferred from another. The key begins with the employee,
    because every phone reads by employee; no database foreign keys, because their triggers were
    70 % of a fan-out's cost (docs/adr/0005): rows are only ever made by a SELECT from employees.
    Personal data: who was told what and when they read it.
    """

    pk = models.CompositePrimaryKey("employee_id", "notification_id")
    employee = models.ForeignKey(
        "accounts.Employee", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    notification = models.ForeignKey(
        "notifications.Notification", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    arrived_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    # Which version was confirmed as read: 0 none yet; null where there is nothing to confirm.
    acknowledged_version = models.PositiveIntegerField(null=True)
    responded_at = models.DateTimeField(null=True)
    prompted = models.PositiveSmallIntegerField(default=0, db_default=0)  # the last prompt's round
    archived_at = models.DateTimeField(null=True)
    # Put off until then, as it read in that version; null, or past: it is in the list. (A positive
    # number's check would read all rows when the column is added.)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_version = models.IntegerField(null=True)
    # It is there because its owner stands in for somebody, and seen only while they do.
    by_delegation = models.BooleanField(default=False, db_default=False)
    changed_in = TransactionId(db_default=CurrentTransactionId())

    personal = {
        "employee": Personal("the person's inbox", "contract", "the notification's"),
    }
    not_personal = frozenset[str]()

    class Meta:
        indexes = [
            # The inbox by keyset.
            models.Index(
                fields=["employee", "-arrived_at", "-notification"], name="recipient_inbox"
            ),
            # Pushing and closing: the recipients of one notification by range.
            models.Index(fields=["notification", "employee"], name="recipient_of"),
            # The feed a phone follows.
            models.Index(fields=["employee", "changed_in"], name="recipient_changed"),
            # The unread count, capped.
            models.Index(
                fields=["employee"],
                condition=models.Q(read_at=None, archived_at=None),
                name="recipient_unread",
            ),
            # What somebody has to confirm.
            models.Index(
                fields=["employee"],
                condition=models.Q(acknowledged_version__isnull=False),
                name="recipient_to_acknowledge",
            ),
            # What somebody has put off; a fan-out writes nothing to it.
            models.Index(
                fields=["employee"],
                condition=models.Q(snoozed_until__isnull=False),
                name="recipient_snoozed",
            ),
        ]
