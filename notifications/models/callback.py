"""What the sub-system is told, and every try to tell it."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import CurrentTransactionId, SealedJSON, TransactionId
from hub.lib.personal import Personal

KEPT = "90 days after it was told"


class CallbackEvent(models.Model):
    """An event for a sub-system, of a notification or of what was handed in by a form.

    Its id is the webhook-id of every try; `submission` is the reference of what was handed in.

    States: waiting (an earlier event of its notification is not told yet) → pending → done | dead
    (replay makes it pending again) | kept (no endpoint: pull only).
    Personal data: the body names who decided and quotes the comment, hence sealed.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        PENDING = "pending"
        DONE = "done"
        DEAD = "dead"
        KEPT = "kept"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey("accounts.Subsystem", on_delete=models.PROTECT)
    notification = models.ForeignKey(
        "notifications.Notification", null=True, on_delete=models.PROTECT
    )
    submission = models.CharField(max_length=16, blank=True, default="", db_default="")
    type = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    body = SealedJSON()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    changed_in = TransactionId(db_default=CurrentTransactionId())  # the pull feed's order

    personal = {
        "body": Personal("telling the sub-system the answer", "contract", KEPT),
    }
    not_personal = frozenset({"type", "state", "submission"})

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="callback_of_one_thing",
                condition=models.Q(notification__isnull=False, submission="")
                | (models.Q(notification=None) & ~models.Q(submission="")),
            ),
            models.UniqueConstraint(
                fields=["notification", "sequence"], name="callback_sequence_once"
            ),
        ]
        indexes = [
            models.Index(fields=["subsystem", "changed_in"], name="callback_feed"),
            # GET /callbacks, the newest first.
            models.Index(fields=["subsystem", "id"], name="callback_ledger"),
            # Dead letters: metrics, and the page that lists them.
            models.Index(
                fields=["subsystem"], condition=models.Q(state="dead"), name="callback_dead"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class CallbackAttempt(models.Model):
    """One try to tell the sub-system: when, what came back, how long. Personal data: none."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(CallbackEvent, on_delete=models.CASCADE)
    tried_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)  # HTTP status, where one came
    failure = models.CharField(max_length=32, blank=True)  # why none came

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"failure"})
