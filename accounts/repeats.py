"""What was done already: the record that makes the same request, sent again, do nothing more.

A record is written in the transaction of the act. `CLAIM` is for acts that are one statement;
whatever takes several uses `accounts.api.idempotency.once`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.models import IdempotencyRecord

# An INSERT for a WITH clause: one row if the act is this statement's to do, none if it was done,
# or is being done, by another. `{when}` names the query that has a row if it may be done at all.
# Whoever does it holds the lock until the end of the transaction, so that nobody has to wait.
CLAIM: Final = """
INSERT INTO accounts_idempotencyrecord (id, request_digest, status, answer, created_at)
SELECT %(record_id)s, %(record_digest)s, %(record_status)s, %(record_answer)s, %(now)s
  FROM {when} WHERE pg_try_advisory_xact_lock(%(record_lock)s)
    ON CONFLICT DO NOTHING RETURNING status
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which request it is, by principal, method, path and key; and what it says."""

    record_id: bytes
    request_digest: bytes

    @property
    def lock(self) -> int:
        """The number of its advisory lock."""
        return int.from_bytes(self.record_id[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Record:
    """A 2xx answer to be kept."""

    identity: Identity
    status: int
    data: Any
    headers: dict[str, str]

    def parameters(self, *, now: datetime) -> dict[str, Any]:
        """What CLAIM needs."""
        answer = IdempotencyRecord._meta.get_field("answer")
        kept = {"data": self.data, "headers": self.headers}
        return {
            "record_id": self.identity.record_id,
            "record_digest": self.identity.request_digest,
            "record_status": self.status,
            "record_answer": answer.seal(kept, row=self.identity.record_id),
            "record_lock": self.identity.lock,
            "now": now,
        }
