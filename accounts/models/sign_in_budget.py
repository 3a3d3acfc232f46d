"""How many failed tries the hub may still add to a name, and how many names one address may try."""

from django.db import models

from hub.lib import ids
from hub.lib.columns import SealedText
from hub.lib.personal import Personal

ALARM_KEPT = "90 days after the last try"


class SignInBudget(models.Model):
    """Tries reserved for one name in the present window; a try that succeeds gives its own back.

    Kept in the database, so that the bound holds without Redis and across processes.
    Personal data: a keyed hash of the name.
    """

    name_index = models.BinaryField(max_length=32, primary_key=True)
    window_started_at = models.DateTimeField()
    reserved = models.PositiveSmallIntegerField()
    by_known = models.PositiveSmallIntegerField(db_default=0)  # of these, by known devices

    personal = {
        "name_index": Personal("protecting the account", "legitimate_interest", "one window")
    }
    not_personal = frozenset[str]()

    class Meta:
        # After a wrong password: how many names have failed within the window. And purging.
        indexes = [models.Index(fields=["window_started_at"], name="sign_in_budget_window")]


class SignInSource(models.Model):
    """That a name was tried from an address in vain, by a device that is not known.

    Personal data: keyed hashes of the address and of the name.
    """

    pk = models.CompositePrimaryKey("source_index", "name_index")
    source_index = models.BinaryField(max_length=32)
    name_index = models.BinaryField(max_length=32)
    tried_at = models.DateTimeField()

    personal = {
        column: Personal("telling a sprayer from a typo", "legitimate_interest", "one window")
        for column in ("source_index", "name_index")
    }
    not_personal = frozenset[str]()

    class Meta:
        indexes = [models.Index(fields=["tried_at"], name="sign_in_source_tried")]  # purging


class SignInAlarm(models.Model):
    """That one password seems to be tried over many names: from an address, or from everywhere.

    States: on while `last_at` is within SIGN_IN_WINDOW, then over. One row a source, begun anew.
    Personal data: the address.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    source_index = models.BinaryField(max_length=32, unique=True)
    address = SealedText(null=True)  # none: from many addresses together
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    tries = models.PositiveIntegerField()  # that were beyond the limit since it began

    personal = {
        "source_index": Personal("one alarm a source", "legitimate_interest", ALARM_KEPT),
        "address": Personal("finding who attacks", "legitimate_interest", ALARM_KEPT),
    }
    not_personal = frozenset[str]()

    class Meta:
        # Whether an alarm is on: asked by the health page.
        indexes = [models.Index(fields=["last_at"], name="sign_in_alarm_last")]

    def __str__(self) -> str:
        return str(self.id)
