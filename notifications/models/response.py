"""One approver's answer, and the one outcome of a request."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedJSON, SealedText
from hub.lib.personal import Personal

KEPT = "the legal period of the decision, 10 years by default"


class Response(models.Model):
    """One approver's answer to one version of a request; never edited.

    Personal data: who answered what, and the comment (sealed).
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    notification = models.ForeignKey("notifications.Notification", on_delete=models.PROTECT)
    seat = models.ForeignKey("notifications.Seat", on_delete=models.PROTECT)
    version = models.PositiveIntegerField()
    actor = models.ForeignKey("accounts.Employee", on_delete=models.PROTECT, related_name="+")
    # For whom, where the actor is their delegate; else null.
    on_behalf_of = models.ForeignKey(
        "accounts.Employee", null=True, on_delete=models.PROTECT, related_name="+"
    )
    verb = models.CharField(max_length=32)
    effect = models.CharField(max_length=8)  # approve | reject | answer
    comment = SealedText(null=True)
    inputs = SealedJSON(null=True)
    responded_at = models.DateTimeField()

    personal = {
        "actor": Personal("who answered", "legal_obligation", KEPT),
        "on_behalf_of": Personal("for whom", "legal_obligation", KEPT),
        "comment": Personal("the reason given", "legal_obligation", KEPT),
        "inputs": Personal("the answer's data", "legal_obligation", KEPT),
    }
    not_personal = frozenset({"verb", "effect"})

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "version"], name="response_once_per_seat")
        ]
        indexes = [
            # The state of a request's policy.
            models.Index(fields=["notification", "version"], name="response_of")
        ]


class Decision(models.Model):
    """The one final outcome of a request: the notification is its primary key, so there is one.

    Outcome: recorded → sent → confirmed | refused | undeliverable, with the sub-system's sentence.
    Personal data: who decided; the sentence.
    """

    class Outcome(models.TextChoices):
        RECORDED = "recorded"
        SENT = "sent"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        UNDELIVERABLE = "undeliverable"

    FINAL = frozenset({Outcome.CONFIRMED, Outcome.REFUSED})

    notification = models.OneToOneField(
        "notifications.Notification", on_delete=models.PROTECT, primary_key=True
    )
    version = models.PositiveIntegerField()
    verb = models.CharField(max_length=32)
    effect = models.CharField(max_length=8)  # approve | reject
    response = models.OneToOneField(Response, null=True, on_delete=models.PROTECT)
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=14, choices=Outcome, default=Outcome.RECORDED)
    outcome_message = models.CharField(max_length=500, blank=True)
    outcome_at = models.DateTimeField(null=True)
    superseded_by = models.UUIDField(null=True)  # the notification that took its place

    personal = {
        "outcome_message": Personal("telling the person", "contract", KEPT),
    }
    not_personal = frozenset({"verb", "effect", "outcome"})
