"""Notices that are told together, at the end of somebody's hour or day."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "90 days"


class Digest(models.Model):
    """One message about all that was gathered for an employee in one window.

    The row is its own errand: open (it takes more; at most one of a person), due (`due_at` passed,
    no live lease), leased, waiting (`due_at` ahead), over (`due_at` is null; `sent_at` if it was
    told). Once closed it takes nothing more. Its id is the tag of its push and makes the
    Message-ID of its e-mail. Personal data: who was told when.
    """

    class Road(models.TextChoices):
        PUSH = "push"
        MAIL = "mail"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey(
        "accounts.Employee", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    ends_at = models.DateTimeField()  # of its window
    closed_at = models.DateTimeField(null=True)
    road = models.CharField(max_length=4, choices=Road, default=Road.PUSH)  # the one tried now
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    personal = {"employee": Personal("answering 'why didn't I get it?'", "contract", KEPT)}
    not_personal = frozenset({"road", "last_error"})

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "ends_at"], name="digest_once_a_window"),
            models.UniqueConstraint(
                fields=["employee"],
                condition=models.Q(closed_at=None),
                name="digest_one_open",
            ),
        ]
        indexes = [
            # Which are to be told.
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="digest_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Digested(models.Model):
    """A version of a notification that an employee is told of in a digest, and in one only.

    No database foreign keys but to the digest, as on Recipient. Personal data: who was told what.
    """

    pk = models.CompositePrimaryKey("notification_id", "employee_id", "version")
    notification = models.ForeignKey(
        "notifications.Notification", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    employee = models.ForeignKey(
        "accounts.Employee",
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    version = models.PositiveIntegerField()
    digest = models.ForeignKey(Digest, on_delete=models.CASCADE)

    personal = {"employee": Personal("answering 'why didn't I get it?'", "contract", KEPT)}
    not_personal = frozenset[str]()
