"""A push address that a session named, until a code came back through it."""

from django.db import models

from accounts.models.device import Device
from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "a day"


class Activation(models.Model):
    """A push address to be proved: the code of this row is pushed there and has to come back.

    The row is its own errand: due (`due_at` passed, no live lease), leased, waiting (`due_at`
    ahead), told (`due_at` is null: the provider took the code over) or echoed (`echoed_at`). Gone
    when another address takes its place, when the session ends, or after PUSH_ECHO_LIFE.
    The code is derived from the id, never stored. Personal data: the push address.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    device = models.OneToOneField(Device, on_delete=models.CASCADE)
    address = SealedText()
    address_index = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=8, choices=Device.PushKind)
    project = models.CharField(max_length=64, blank=True)
    registered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(null=True)
    echoed_at = models.DateTimeField(null=True)

    personal = {
        "address": Personal("pushing notifications", "contract", KEPT),
        "address_index": Personal("one owner per address", "contract", KEPT),
    }
    not_personal = frozenset({"kind", "project", "last_error"})

    class Meta:
        indexes = [
            # Whose code is to be pushed.
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="activation_due",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
