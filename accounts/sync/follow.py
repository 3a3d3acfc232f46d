"""One run: read, stage, merge, judge who is missing, and note how far the hub is now.

Everything is read before anything is written, page by page; whatever breaks off is simply done
again by the next run. A mark moves on only after all of its changes are in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts import people
from accounts.directory import port, refusals
from accounts.models import Synchronisation
from accounts.sync import absence, lease, merge, staging
from accounts.sync.summary import Summary
from hub.lib import logging

log = logging.get(__name__)


@dataclass(frozen=True, slots=True)
class Following:
    """How well the hub follows the directory; None as a lag: not once yet."""

    in_time: bool  # within the bound, and nobody waits for an override
    lag_seconds: int | None  # since the beginning of the last whole run
    bound_seconds: int
    last: str  # the result of the last run, in one word; empty: there was none
    missing: int  # people who should be disabled for being absent, and wait for an override


def following(*, now: datetime) -> Following:
    """How far behind the directory the hub is."""
    state = Synchronisation.objects.filter(name=lease.DIRECTORY).first() or Synchronisation()
    lag = None if state.known_at is None else max(now - state.known_at, timedelta(0))
    return Following(
        in_time=lag is not None and lag <= settings.DIRECTORY_BOUND and state.stopped_at is None,
        lag_seconds=None if lag is None else int(lag.total_seconds()),
        bound_seconds=int(settings.DIRECTORY_BOUND.total_seconds()),
        last=state.result,
        missing=state.missing,
    )


def run(
    *, directory: port.Directory, now: datetime, complete: bool = False, allow_absent: bool = False
) -> Summary | None:
    """Bring everybody and every group up to date; None while another run is at it.

    Reads what changed since the last whole run, or with `complete` (and once in
    DIRECTORY_COMPLETE_EVERY) everything. `allow_absent` disables the missing, however many.
    Raises DirectoryUnavailable; then nobody was disabled but who is explicitly switched off or
    past their last moment.
    """
    taken = lease.take()
    if taken is None:
        return None
    held, state = taken
    try:
        over = people.end_expired(now=now)
        summary = _follow(
            directory, held, state, now=now, complete=complete, allow_absent=allow_absent, over=over
        )
    except refusals.DirectoryUnavailable:
        log.warning("directory_not_synchronised")
        lease.give_back(held, result="unavailable")
        raise
    except lease.Lost:
        log.error("directory_synchronisation_overtaken")
        raise
    except BaseException:
        lease.give_back(held, result="failed")
        raise
    return summary


def _follow(
    directory: port.Directory,
    held: lease.Lease,
    state: Synchronisation,
    *,
    now: datetime,
    complete: bool,
    allow_absent: bool,
    over: int,
) -> Summary:
    held_back = bool(settings.DIRECTORY_REQUIRED_GROUP)
    everything = complete or _is_due(state, now=now)
    staging.empty()
    try:
        with directory.read(since={} if everything else state.marks) as reading:
            read_people, read_groups = staging.read(reading, lease=held)
    except refusals.DirectoryUnavailable:
        # What came is true, and who is switched off must not wait for a whole answer.
        merge.merge_people(lease=held, listed=False, held_back=held_back, now=now)
        raise
    merged = merge.merge_people(lease=held, listed=True, held_back=held_back, now=now)
    merge.merge_groups(lease=held, now=now)
    absence.drop_groups(lease=held)
    judged = absence.judge(lease=held, state=state, allowed=allow_absent, now=now)
    summary = Summary(
        complete=reading.is_complete,
        people=read_people,
        new=merged.new - judged.outside,
        changed=merged.changed,
        skipped=merged.skipped,
        disabled=over + merged.disabled + judged.disabled,
        enabled=judged.enabled,
        managers=merged.managers,
        groups=read_groups,
        missing=judged.missing,
        stopped=judged.stopped,
    )
    _note(held, state, reading, summary, now=now, allowed=allow_absent and not judged.stopped)
    return summary


def _note(
    held: lease.Lease,
    state: Synchronisation,
    reading: port.Reading,
    summary: Summary,
    *,
    now: datetime,
    allowed: bool,
) -> None:
    strangers = merge.strangers()
    # What changes alone cannot tell: groups of somebody new, and who comes with a moved unit.
    due = not summary.complete and (
        summary.new > 0
        or strangers != state.strangers
        or absence.came_back()
        or absence.admits_strangers()
    )
    mark = reading.mark
    staging.empty()
    lease.give_back(
        held,
        result="stopped" if summary.stopped else "complete" if summary.complete else "changes",
        known_at=now,
        complete_at=now if summary.complete else state.complete_at,
        complete_due=due,
        answered=state.asked if summary.complete else state.answered,
        figures=summary.figures(),
        marks=state.marks | ({} if mark is None else {mark.source: mark.number}),
        strangers=strangers,
        missing=summary.missing,
        stopped_at=(state.stopped_at or now) if summary.stopped else None,
        allowed_at=now if allowed else state.allowed_at,
    )
    log.info("directory_synchronised", **summary.figures())


def _is_due(state: Synchronisation, *, now: datetime) -> bool:
    return (
        state.complete_due
        or state.asked != state.answered
        or state.complete_at is None
        or now - state.complete_at >= settings.DIRECTORY_COMPLETE_EVERY
    )
