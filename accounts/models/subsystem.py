"""The internal applications that speak to the hub, and what they prove themselves with."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal


class Subsystem(models.Model):
    """An internal application that sends notifications and learns the answers.

    States: enabled, or paused since `paused_at` (nothing accepted, nothing pushed, nothing lost).
    The callback endpoint is fixed here, never in a message. Personal data: none.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    key = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=128)
    callback_url = models.CharField(max_length=2048, blank=True)
    callback_networks = models.JSONField(default=list, blank=True)  # ["10.2.0.0/16", …]
    callback_ports = models.JSONField(default=list, blank=True)  # [443, …]; empty: any
    callback_loopback_allowed = models.BooleanField(default=False)
    callback_off_at = models.DateTimeField(null=True, blank=True)
    requests_a_minute = models.PositiveIntegerField(null=True, blank=True)
    # Recipients beyond which a second person has to release a notification; null: the setting's.
    blast_radius = models.PositiveIntegerField(null=True, blank=True)
    # Whose people it is there for, where affiliates are kept apart; empty: everybody's.
    affiliates = models.JSONField(default=list, db_default=[], blank=True)
    # An audience expression: nothing it sends reaches anybody outside; null: no such limit.
    ceiling = models.JSONField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset(
        {
            "key",
            "name",
            "callback_url",
            "callback_networks",
            "callback_ports",
            "affiliates",
            "ceiling",
        }
    )

    def __str__(self) -> str:
        return self.key


class ApiKey(models.Model):
    """A key a sub-system proves itself with; only its SHA-256 digest is kept.

    States: usable; expired (`expires_at`); revoked (`revoked_at`), final.
    Personal data: which member of the staff made it.
    """

    class Mode(models.TextChoices):
        LIVE = "live"
        TEST = "test"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey(Subsystem, on_delete=models.CASCADE)
    mode = models.CharField(max_length=4, choices=Mode)
    name = models.CharField(max_length=128, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=24)  # how it begins, to recognise it by
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # The member of the staff who made it and has seen its text; empty: not known.
    issued_by = models.CharField(max_length=64, blank=True, db_default="", default="")
    ceiling = models.JSONField(null=True, blank=True)  # as the sub-system's, beside it

    personal = {
        "issued_by": Personal("a second pair of eyes", "legitimate_interest", "the key's"),
    }
    not_personal = frozenset({"mode", "name", "digest", "hint", "ceiling"})

    def __str__(self) -> str:
        return self.hint


class CallbackSecret(models.Model):
    """A secret that callbacks to a sub-system are signed with; two may live during a rotation.

    States: live, or retired (`retired_at`), final. Personal data: none.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subsystem = models.ForeignKey(Subsystem, on_delete=models.CASCADE)
    secret = SealedText()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"secret"})
