"""Files, photos and places that employees add to forms, and their consent to it."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedBytes
from hub.lib.personal import Personal
from selfserve.models.module import Module
from selfserve.models.submission import Submission


class Kind(models.TextChoices):
    """What a phone may be asked to capture."""

    FILE = "file"
    PHOTO = "photo"
    LOCATION = "location"


class CaptureConsent(models.Model):
    """An employee lets a module have files, photos or places of theirs; gone when withdrawn.

    The audit log keeps when it was given and withdrawn. Personal data: that it was given.
    """

    id = models.BigAutoField(primary_key=True)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8, choices=Kind)
    given_at = models.DateTimeField()

    personal = {"employee": Personal("whether they agreed", "consent", "until withdrawn")}
    not_personal = frozenset({"kind"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "module", "kind"], name="capture_consent_once"
            )
        ]


class Captured(models.Model):
    """One file, photo or place: uploaded, then part of a submission; erased by withdrawal.

    States: loose (`submission` is null; gone after a day), handed in (gone 30 days later).
    Personal data: the content (sealed), whose it is.
    """

    KEPT = "30 days after it was handed in, or until consent is withdrawn"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    submission = models.ForeignKey(Submission, null=True, on_delete=models.CASCADE)
    input = models.CharField(max_length=40)  # its name in the form
    kind = models.CharField(max_length=8, choices=Kind)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    content = SealedBytes()
    captured_at = models.DateTimeField()

    personal = {
        "employee": Personal("whose it is", "consent", KEPT),
        "sha256": Personal("telling the sub-system what it is to fetch", "consent", KEPT),
        "content": Personal("what the employee handed in", "consent", KEPT),
    }
    not_personal = frozenset({"input", "kind", "media_type"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "input"],
                condition=models.Q(submission__isnull=False),
                name="captured_once_an_input",
            )
        ]
        # The purge, by age.
        indexes = [models.Index(fields=["captured_at"], name="captured_age")]
