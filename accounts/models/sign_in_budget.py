"""How many failed tries the hub may still add to a name in the directory."""

from django.db import models

from hub.lib.personal import Personal


class SignInBudget(models.Model):
    """Tries reserved for one name in the present window; a try that succeeds gives its own back.

    Kept in the database, so that the bound holds without Redis and across processes.
    Personal data: a keyed hash of the name.
    """

    name_index = models.BinaryField(max_length=32, primary_key=True)
    window_started_at = models.DateTimeField()
    reserved = models.PositiveSmallIntegerField()

    personal = {
        "name_index": Personal("protecting the account", "legitimate_interest", "one window")
    }
    not_personal = frozenset[str]()
