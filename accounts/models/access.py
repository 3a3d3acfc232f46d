"""From which network addresses a person's devices spoke."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

KEPT = "ACCESS_LOG_KEPT_DAYS (90)"


class Access(models.Model):
    """One device, one network address, one day (UTC): when first and last, and how many requests.

    Written by `accounts.access_log` only. The address is empty where the hub saw none, as on a
    unix socket. Personal data: who spoke from where, when.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    employee = models.ForeignKey(
        "accounts.Employee", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    device = models.ForeignKey(
        "accounts.Device", on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    day = models.DateField()
    address = SealedText()
    address_index = models.BinaryField(max_length=32)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    requests = models.PositiveIntegerField()

    personal = {
        "employee": Personal("security of the account", "legitimate_interest", KEPT),
        "address": Personal("security of the account", "legitimate_interest", KEPT),
        "address_index": Personal("one row an address and day", "legitimate_interest", KEPT),
    }
    not_personal: frozenset[str] = frozenset()

    class Meta:
        verbose_name = "access"
        verbose_name_plural = "access log"
        constraints = [
            models.UniqueConstraint(
                fields=["device", "day", "address_index"], name="access_one_row_a_day"
            ),
        ]
        indexes = [
            # A person's own log, and the admin's, newest first; no index holds what is counted up.
            models.Index(fields=["employee", "id"], name="access_of_employee"),
            # Purging.
            models.Index(fields=["day"], name="access_day"),
        ]

    def __str__(self) -> str:
        return str(self.id)
