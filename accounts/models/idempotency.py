"""What was answered to which Idempotency-Key."""

from django.db import models

from hub.lib.columns import SealedJSON
from hub.lib.personal import Personal


class IdempotencyRecord(models.Model):
    """A 2xx answer, kept at least 24 hours, written in the transaction of the act itself.

    So there is no state in between: the record exists exactly if the act happened.
    Personal data: the answer may quote it, hence sealed.
    """

    id = models.BinaryField(max_length=32, primary_key=True)  # of principal, method, path, key
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    answer = SealedJSON()
    created_at = models.DateTimeField(db_index=True)  # the purge walks by age

    personal = {"answer": Personal("answering a repeat alike", "contract", "24 hours")}
    not_personal = frozenset({"id", "request_digest"})
