"""How an endpoint has been doing, and which calls to it are under way."""

from django.db import models

from hub.lib.personal import Personal


class Breaker(models.Model):
    """What keeps the hub from calling an endpoint that does not answer.

    States: closed (`opened_at` is null), or open: then one probe at a time is let through, the
    next one at `probe_at`; the first answer closes it. Its row is what claims of the sub-system's
    callbacks lock. Personal data: none.
    """

    subsystem = models.OneToOneField(
        "accounts.Subsystem", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    failures = models.PositiveIntegerField(default=0, db_default=0)  # in a row
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)

    personal: dict[str, Personal] = {}
    not_personal: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return str(self.subsystem_id)


class CallbackCall(models.Model):
    """A callback under way, so that they can be counted by endpoint; gone when it was recorded.

    One whose `until` has passed belonged to a worker that died. Personal data: none.
    """

    # No foreign key: an errand goes with its call, in the same statement or transaction.
    errand_id = models.BigIntegerField(primary_key=True)
    subsystem = models.ForeignKey(
        "accounts.Subsystem", on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    until = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return str(self.errand_id)
