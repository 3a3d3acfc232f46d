"""A place among the approvers of a request."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "the notification's"


class Seat(models.Model):
    """A place among the approvers of a request; who *answers*. Frozen when it is accepted.

    It is asked when the request has come to its step. One person may sit in several steps.

    The principal is whom the audience named; the holder is who answers now (the same person
    until a delegation, an escalation or a reassignment). Personal data: both, and the reason of a
    reassignment (sealed).
    """

    class Source(models.TextChoices):
        AUDIENCE = "audience"
        DELEGATION = "delegation"
        ESCALATION = "escalation"
        REASSIGNMENT = "reassignment"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    notification = models.ForeignKey("notifications.Notification", on_delete=models.CASCADE)
    step = models.PositiveSmallIntegerField(default=0)
    principal = models.ForeignKey("accounts.Employee", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("accounts.Employee", on_delete=models.PROTECT, related_name="+")
    reason = SealedText(null=True)  # of a reassignment, as staff gave it
    source = models.CharField(max_length=12, choices=Source, default=Source.AUDIENCE)
    round = models.PositiveSmallIntegerField(default=0, db_default=0)  # of the last prompt
    stranded_at = models.DateTimeField(
        null=True
    )  # the holder has left, and nobody is there instead

    personal = {
        "principal": Personal("who is asked", "contract", KEPT),
        "holder": Personal("who answers", "contract", KEPT),
        "reason": Personal("why somebody else answers", "contract", KEPT),
    }
    not_personal = frozenset({"source"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "step", "principal"], name="seat_once_per_step"
            )
        ]
        indexes = [
            # What an administrator has to look at.
            models.Index(
                fields=["stranded_at"],
                condition=models.Q(stranded_at__isnull=False),
                name="seat_stranded",
            )
        ]
