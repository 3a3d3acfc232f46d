"""What an employee handed in by a form."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedJSON, SealedText
from hub.lib.personal import Personal
from selfserve.models.module import Module

KEPT = "while employed, then 30 days"


class Submission(models.Model):
    """A filled-in form under its tracked reference.

    Outcome: recorded → sent (the sub-system took it over) → confirmed | refused; undeliverable
    where it could not be told. Files, photos and places are apart (`Captured`).
    Personal data: who handed it in and what it says (sealed), and the sub-system's sentence.
    """

    class Outcome(models.TextChoices):
        RECORDED = "recorded"
        SENT = "sent"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        UNDELIVERABLE = "undeliverable"

    FINAL = frozenset({Outcome.CONFIRMED, Outcome.REFUSED})

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    module = models.ForeignKey(Module, on_delete=models.PROTECT)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    form_version = models.PositiveIntegerField()
    inputs = SealedJSON()
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.RECORDED)
    outcome_message = SealedText(null=True)
    submitted_at = models.DateTimeField()
    outcome_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("whose submission it is", "contract", KEPT),
        "inputs": Personal("telling the sub-system what is asked for", "contract", KEPT),
        "outcome_message": Personal("telling the employee what became of it", "contract", KEPT),
    }
    not_personal = frozenset({"reference", "outcome"})

    class Meta:
        indexes = [
            # GET /me/submissions, the newest first.
            models.Index(fields=["employee", "id"], name="submission_own")
        ]

    def __str__(self) -> str:
        return self.reference
