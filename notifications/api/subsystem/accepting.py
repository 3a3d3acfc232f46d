"""What POST /notifications and its batch have in common: done once, answered alike."""

from collections.abc import Callable, Sequence
from typing import Any

from accounts import repeats
from accounts.api import idempotency
from accounts.api.hot import Answer, Asked
from hub.lib import errors
from notifications import ingest, reports

Results = Sequence[ingest.Result]


def accept(
    asked: Asked,
    drafts: Sequence[ingest.Draft | errors.HubError],
    *,
    answer: Callable[[Results], Answer],
) -> Answer:
    """Accept the drafts, once under one Idempotency-Key; `answer` may raise a refusal of all.

    Nothing is asked of earlier requests as long as all goes well: the record is claimed in the
    statement that writes. Only what fails looks whether it was done before. Raises as
    `idempotency.once` does.
    """
    identity = idempotency.identified(asked.request, principal=asked.principal, data=asked.data)

    def keeping(results: Results) -> repeats.Record:
        assert identity is not None
        given = answer(results)
        return repeats.Record(identity, given.status, given.data, dict(given.headers))

    try:
        results = ingest.accept_all(
            drafts, caller=asked.caller, now=asked.now, keeping=keeping if identity else None
        )
        return answer(results)
    except (ingest.Repeated, errors.HubError) as refusal:
        kept = None if identity is None else idempotency.kept(identity)
        if kept is not None:
            return Answer(**kept)
        if isinstance(refusal, ingest.Repeated):
            raise idempotency.in_flight() from refusal
        raise


def told(accepted: ingest.Accepted) -> dict[str, Any]:
    """What the sender is told of an accepted notification."""
    return {
        "id": str(accepted.id),
        "uri": reports.uri(accepted.id),
        "state": accepted.state,
        "version": accepted.version,
        "audience": {"count": accepted.count, "unknown": list(accepted.unknown)},
        "held": _held(accepted),
    }


def _held(accepted: ingest.Accepted) -> dict[str, Any] | None:
    """Why a notification waits, and where it is released; None for one that does not wait."""
    if accepted.held_over is None:
        return None
    return {
        "reason": "blast_radius",
        "limit": accepted.held_over,
        "release": f"{reports.uri(accepted.id)}/release",
    }
