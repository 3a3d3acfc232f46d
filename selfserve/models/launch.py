"""Opening a module: one-time codes, who uses what, how often it is opened."""

from django.db import models

from hub.lib.personal import Personal
from selfserve.models.module import Module


class LaunchCode(models.Model):
    """A code with which one session opened one module; only its SHA-256 digest is kept.

    States: live (until `expires_at`), exchanged (`used_at`, once and for good), expired.
    Personal data: who opened what; the rows go after a day.
    """

    digest = models.BinaryField(max_length=32, primary_key=True)
    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    device = models.ForeignKey("accounts.Device", on_delete=models.CASCADE)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("telling the module who opened it", "contract", "one day"),
    }
    not_personal = frozenset({"digest"})

    class Meta:
        # The purge, by age.
        indexes = [models.Index(fields=["issued_at"], name="launch_code_age")]


class ModuleUse(models.Model):
    """What an employee has to do with a module: a favourite, or lately opened, or both.

    Only the last time is kept, for the list of recent ones; how often is not.
    Personal data: that they used it.
    """

    id = models.BigAutoField(primary_key=True)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    favourite_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("favourites and recent modules", "contract", "while employed"),
    }
    not_personal: frozenset[str] = frozenset()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "module"], name="module_use_once")
        ]


class LaunchCount(models.Model):
    """How often a module was opened on a day (UTC), by whomever. Personal data: none."""

    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    day = models.DateField()
    launches = models.PositiveIntegerField(default=0)
    exchanges = models.PositiveIntegerField(default=0)
    submissions = models.PositiveIntegerField(default=0)

    personal: dict[str, Personal] = {}
    not_personal: frozenset[str] = frozenset()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["module", "day"], name="launch_count_once")]
