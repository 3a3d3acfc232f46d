"""What is still to be done, when, and who holds the lease."""

import uuid

from django.db import models

from hub.lib.personal import Personal


class Errand(models.Model):
    """A row saying what is still to be done; written with what makes it necessary, gone when done.

    States: due (`due_at` passed, no live lease), leased (until `lease_until`, by `lease_token`),
    waiting (`due_at` ahead), dead (`dead_at`; kept for a person to look at). A lease that ends
    gives the work back, so a killed worker loses nothing (docs/adr/0002).
    Personal data: a range of employees' ids.
    """

    class Kind(models.TextChoices):
        FAN_OUT = "fan_out"
        PUSH = "push"
        CLOSE = "close"
        CALL_BACK = "call_back"
        EXPIRE = "expire"
        JOINERS = "joiners"
        ESCALATE = "escalate"
        UNSNOOZE = "unsnooze"
        MAIL = "mail"

    QUIET = "quiet"  # `last_error` of a push that waits for the end of somebody's silence
    HEAVY = 1_000_000  # takes long by itself: claimed as the last of a batch

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    queue = models.CharField(max_length=12)  # whose workers do it, see notifications.queues
    lane = models.PositiveSmallIntegerField()  # 0 urgent, 1 request, 2 notice, 3 bulk
    subsystem = models.ForeignKey(
        "accounts.Subsystem", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    # Null of a callback that tells what was handed in by a form.
    notification = models.ForeignKey(
        "notifications.Notification",
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
    )
    size = models.PositiveIntegerField()  # how much work it is: pushes, or HEAVY
    purpose = models.CharField(max_length=8, blank=True)  # of a push
    employee_from = models.UUIDField(null=True)
    employee_to = models.UUIDField(null=True)
    event = models.ForeignKey(
        "notifications.CallbackEvent",
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
    )
    # Of a fan-out: its wave's (`due_at` moves with retries). Of a push: when the copies came that
    # it is for, where copies of other waves lie between them.
    moment = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    dead_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    personal = {
        "employee_from": Personal("whose copies are still to be pushed", "contract", "until done"),
        "employee_to": Personal("whose copies are still to be pushed", "contract", "until done"),
    }
    not_personal = frozenset({"kind", "queue", "purpose", "last_error"})

    class Meta:
        indexes = [
            # Claiming: what is due in a queue, urgent lanes first, the senders taking turns.
            models.Index(
                fields=["queue", "lane", "subsystem", "due_at"],
                condition=models.Q(dead_at=None),
                name="errand_due",
            )
        ]

    @property
    def about(self) -> uuid.UUID:
        """Its notification's id, which all have but some callbacks."""
        assert self.notification_id is not None
        return self.notification_id

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
