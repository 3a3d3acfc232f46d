"""Which devices of a batch are left in peace, for good or for now, and what is written of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications import queues, quiet
from notifications.models import Delivery, Errand
from notifications.push.gateway import Fate, Outcome
from notifications.push.results import Result
from notifications.push.subjects import Subject
from notifications.push.targets import Target

_CLEAR = str(Delivery.Purpose.CLEAR.value)
_SHOW = str(Delivery.Purpose.SHOW.value)


@dataclass(slots=True)
class Split:
    """Whom to push to now; what becomes of the others; when their errands are due again."""

    found: Sequence[Target]
    spared: Sequence[Result]
    until: Mapping[int, datetime]
    windows: Mapping[str, quiet.Window]  # of those for whom it is gathered


def split(
    found: Sequence[Target],
    *,
    errands: Sequence[Errand],
    known: Mapping[UUID, Subject],
    now: datetime,
) -> Split:
    """Tell those who are to be rung, each in their language, from those who are not.

    Clearing rings nobody.
    """
    ranges: list[quiet.Range] = []
    place: dict[tuple[int, str], int] = {}  # of an errand, or of one outside of its range
    by_id = {errand.id: errand for errand in errands if errand.purpose != _CLEAR}
    ends = {key: (str(one.employee_from), str(one.employee_to)) for key, one in by_id.items()}
    for target in found:
        errand = by_id.get(target.errand_id)
        if errand is None:
            continue
        first, last = ends[errand.id]
        inside = first <= target.employee <= last
        key = (errand.id, "" if inside else target.employee)
        if key in place:
            continue
        place[key] = len(ranges)
        subject = known[errand.about]
        alone = target.employee  # who stands in for somebody of the range
        ranges.append(
            quiet.Range(
                first=first if inside else alone,
                last=last if inside else alone,
                optional=subject.optional if errand.purpose == _SHOW else None,
                urgent=errand.lane == queues.URGENT,
            )
        )
    if not ranges:
        return Split(found, (), {}, {})
    chosen = quiet.of(ranges, now=now)
    silences, languages = chosen.silences, chosen.languages
    for target in found if languages else ():
        target.language = languages.get(target.employee, target.language)
    if not silences:
        return Split(found, (), {}, {})
    ring: list[Target] = []
    spared: list[Result] = []
    until: dict[int, datetime] = {}
    for target in found:
        at = place.get((target.errand_id, ""))
        silence = None if at is None else silences.get((at, target.employee))
        if (
            silence is None
            and (alone_at := place.get((target.errand_id, target.employee))) is not None
        ):
            silence = silences.get((alone_at, target.employee))
        if silence is None:
            ring.append(target)
            continue
        spared.append(Result(target, Outcome(Fate.SENT, reason=silence.reason)))
        if silence.until is not None:
            known_until = until.get(target.errand_id, silence.until)
            until[target.errand_id] = min(known_until, silence.until)
    return Split(ring, spared, until, chosen.windows)
