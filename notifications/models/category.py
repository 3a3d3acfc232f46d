"""A sub-system's kind of notification."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal


class Sensitivity(models.TextChoices):
    """What of a notification may leave the premises in a push."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class Category(models.Model):
    """A sub-system's kind of notification: how sensitive it is, whether it may be muted.

    Personal data: none.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey("accounts.Subsystem", on_delete=models.CASCADE)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=128)
    essential = models.BooleanField(default=True)
    sensitivity = models.CharField(max_length=10, choices=Sensitivity, default=Sensitivity.INTERNAL)
    reject_needs_comment = models.BooleanField(default=True)
    strict_acknowledgement = models.BooleanField(default=False)
    # Whether people may answer many of its requests by one act.
    bulk_answers = models.BooleanField(default=False, db_default=False)
    # Answers are only taken signed by the person's phone.
    step_up = models.BooleanField(default=False, db_default=False)
    # Where a notification does not say it itself.
    escalation = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    on_expiry = models.CharField(max_length=8, default="none", db_default="none")
    # Who answers where there is no manager left; the name of a group of the directory.
    fallback_group = models.CharField(max_length=256, blank=True, db_default="")

    # Days that its notifications are kept; null: as the setting says.
    kept_days = models.PositiveIntegerField(null=True, blank=True)

    personal: dict[str, Personal] = {}
    not_personal = frozenset(
        {"key", "name", "sensitivity", "escalation", "on_expiry", "fallback_group"}
    )

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["subsystem", "key"], name="category_key_per_subsystem")
        ]

    def __str__(self) -> str:
        return self.key
