"""Who answers for whom, in which window, for what."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal

KEPT = "2 years after its end"


class Delegation(models.Model):
    """Who answers for whom (the principal), in which window, for which sub-system or category.

    States by the clock: upcoming, active, ended; or ended before its time for `ended_reason`. Only
    the clock says whether it holds; `begun_at` and `ended_at` are when that was noted and told.
    Personal data: both people.
    """

    class Ended(models.TextChoices):
        WINDOW = "window"
        TAKEN_BACK = "taken_back"
        DISABLED = "disabled"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    principal = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE, related_name="+")
    delegate = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE, related_name="+")
    # Neither: everything. A category is of the sub-system that stands beside it.
    subsystem = models.ForeignKey("accounts.Subsystem", null=True, on_delete=models.CASCADE)
    category = models.ForeignKey("notifications.Category", null=True, on_delete=models.CASCADE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=12, choices=Ended, blank=True)

    personal = {
        "principal": Personal("who is stood in for", "contract", KEPT),
        "delegate": Personal("who stands in", "contract", KEPT),
    }
    not_personal = frozenset({"ended_reason"})

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delegation_has_a_window",
                condition=models.Q(ends_at__gt=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="delegation_to_somebody_else",
                condition=~models.Q(principal=models.F("delegate")),
            ),
            models.CheckConstraint(
                name="delegation_category_with_subsystem",
                condition=models.Q(category=None) | models.Q(subsystem__isnull=False),
            ),
        ]
        indexes = [
            # For whom a reader stands in: asked at every read of an inbox.
            models.Index(
                fields=["delegate"], condition=models.Q(ended_at=None), name="delegation_received"
            ),
            # Who stands in for the holder of a new seat; what begins and ends.
            models.Index(
                fields=["principal"], condition=models.Q(ended_at=None), name="delegation_given"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
