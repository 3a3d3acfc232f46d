"""What proves an answer, to anybody who has the hub's public keys."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal
from notifications.models.response import KEPT, Response


class DecisionReceipt(models.Model):
    """A phone's signed statement of an answer, with the hub's word on whose phone it was.

    Written once with the response, never edited; it holds hashes of what was read and said, no
    words. The nonce is unique, so a statement is used once. Personal data: who answered.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="receipt")
    notification = models.ForeignKey("notifications.Notification", on_delete=models.PROTECT)
    nonce = models.CharField(max_length=64, unique=True)
    statement = models.TextField()  # a compact JWS by the phone
    device_key = models.JSONField()  # a JWK
    attestation = models.TextField()  # a compact JWS by the hub
    created_at = models.DateTimeField()

    personal = {
        "statement": Personal("proving who answered what", "legal_obligation", KEPT),
        "device_key": Personal("proving who answered what", "legal_obligation", KEPT),
        "attestation": Personal("proving who answered what", "legal_obligation", KEPT),
    }
    not_personal = frozenset({"nonce"})

    def __str__(self) -> str:
        return str(self.id)
