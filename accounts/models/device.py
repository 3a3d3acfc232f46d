"""A sign-in on an installation of the app: the session, with its push address."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "while signed in, then 90 days"


class Device(models.Model):
    """One sign-in on one installation of the app: the session, with its push address.

    States: open (`closed_at` is null) or closed for `closed_reason`, which is final. The push
    address can be lost alone (`push_lost_at`); when the session closes, the address goes with it.
    The key belongs to the session: another one takes another sign-in.
    The access token of a closed session keeps its digest, so that its bearer is told to wipe.
    Personal data: the address, the installation, the key, the phone's description and network
    address.
    """

    class Platform(models.TextChoices):
        ANDROID = "android"
        IOS = "ios"
        WEB = "web"

    class PushKind(models.TextChoices):
        TOKEN = "token"  # noqa: S105
        FID = "fid"

    class ClosedReason(models.TextChoices):
        LOGOUT = "logout"
        REPLACED = "replaced"
        REVOKED = "revoked"
        TOKEN_REUSED = "token_reused"  # noqa: S105
        ACCOUNT_DISABLED = "account_disabled"
        EXPIRED = "expired"
        UNREGISTERED = "unregistered"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)
    installation = SealedText()
    installation_index = models.BinaryField(max_length=32)
    # False while another employee's session there may still be another phone's.
    holds_installation = models.BooleanField(default=True, db_default=True)
    platform = models.CharField(max_length=8, choices=Platform)
    os_version = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=128, blank=True)
    app_version = models.CharField(max_length=64, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, db_default="", default="")  # IANA
    name = models.CharField(max_length=128, blank=True)
    last_address = SealedText(null=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    access_digest = models.BinaryField(max_length=32, unique=True)
    access_expires_at = models.DateTimeField()
    session_expires_at = models.DateTimeField()

    # Registered at sign-in, with which the phone signs answers that need it; a JWK, or null.
    key = models.JSONField(null=True)
    key_thumbprint = models.CharField(max_length=43, blank=True, db_default="")

    push_address = SealedText(null=True)
    push_address_index = models.BinaryField(max_length=32, null=True)
    push_kind = models.CharField(max_length=8, choices=PushKind, default=PushKind.TOKEN)
    # The Firebase project that the address is of, as the app named it; empty: the default one.
    push_project = models.CharField(max_length=64, blank=True, db_default="", default="")
    push_registered_at = models.DateTimeField(null=True)
    push_lost_at = models.DateTimeField(null=True)
    push_lost_reason = models.CharField(max_length=32, blank=True)

    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=32, choices=ClosedReason, blank=True)
    # When the phone first asked after its end, and was told to wipe.
    wipe_told_at = models.DateTimeField(null=True)

    personal = {
        "employee": Personal("whose session it is", "contract", KEPT),
        "installation": Personal("one session per installation", "contract", KEPT),
        "installation_index": Personal("one session per installation", "contract", KEPT),
        "os_version": Personal("support", "legitimate_interest", KEPT),
        "model": Personal("recognising one's own phone", "contract", KEPT),
        "app_version": Personal("support", "legitimate_interest", KEPT),
        "time_zone": Personal("the person's own clocks", "contract", KEPT),
        "name": Personal("recognising one's own phone", "contract", KEPT),
        "last_address": Personal("security of the account", "legitimate_interest", KEPT),
        "key": Personal("proving who answered", "contract", KEPT),
        "key_thumbprint": Personal("proving who answered", "contract", KEPT),
        "push_address": Personal("pushing notifications", "contract", "while signed in"),
        "push_address_index": Personal("one owner per address", "contract", "while signed in"),
    }
    not_personal = frozenset(
        {
            "platform",
            "access_digest",
            "push_kind",
            "push_project",
            "push_lost_reason",
            "closed_reason",
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["installation_index"],
                condition=models.Q(closed_at=None, holds_installation=True),
                name="device_one_holder_per_installation",
            ),
            models.UniqueConstraint(
                fields=["installation_index", "employee"],
                condition=models.Q(closed_at=None),
                name="device_one_own_session_per_installation",
            ),
            models.UniqueConstraint(
                fields=["push_address_index"],
                condition=models.Q(push_address_index__isnull=False),
                name="device_one_owner_per_push_address",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(push_address_index=None),
                name="device_closed_has_no_push_address",
            ),
            models.CheckConstraint(
                condition=models.Q(push_address=None, push_address_index=None)
                | models.Q(push_address__isnull=False, push_address_index__isnull=False),
                name="device_push_address_with_index",
            ),
        ]
        indexes = [
            # Pushing: the reachable devices of an employee, or of a range of employees.
            models.Index(
                fields=["employee"],
                condition=models.Q(push_address_index__isnull=False),
                name="device_reachable",
            ),
            # Whether a key that comes with a sign-in is somebody else's.
            models.Index(
                fields=["key_thumbprint"],
                condition=~models.Q(key_thumbprint=""),
                name="device_key",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """One token of a session's family; its successor is derived, never stored.

    States: live (`spent_at` is null), or spent. A spent token that comes again after the grace
    closes the whole session. Personal data: none of its own.
    """

    digest = models.BinaryField(max_length=32, primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.CASCADE)
    issued_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"digest"})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device"],
                condition=models.Q(spent_at=None),
                name="refresh_token_one_live_per_device",
            )
        ]
