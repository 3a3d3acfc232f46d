"""What an administrator can turn off for everybody."""

from django.db import models

from hub.lib.personal import Personal


class Switch(models.Model):
    """A part of the hub that may be off: work for it waits in its errands, and nothing is lost.

    States: on (no row, or `off_at` is null), off since `off_at`. Personal data: none.
    """

    class Name(models.TextChoices):
        PUSHES = "pushes"

    name = models.CharField(max_length=16, choices=Name, primary_key=True)
    off_at = models.DateTimeField(null=True)

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"name"})

    def __str__(self) -> str:
        return self.name
