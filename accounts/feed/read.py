"""Reading the feed: staged, guarded, merged; the next run over the directory applies it."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts import audit
from accounts.feed import rows, source
from accounts.models import FeedRecord, Synchronisation
from accounts.models.feed import longest
from hub.lib import logging

log = logging.get(__name__)

_SOURCE, _DIRECTORY = "feed", "directory"
_VERSION = "version"  # among the marks: what the source last called the content
_LOCK = 0x68756203  # one reader at a time; the staging table is its own
_DAY = timedelta(days=1)
_ALWAYS = 3
_ROWS_A_COPY = 5_000
_LINES_KEPT = 100
_FACTS = ", ".join(rows.FACTS)
_COPY = f"COPY accounts_stagedrecord (employee_id, bad, {_FACTS}) FROM STDIN"
_GONE = """
    FROM accounts_feedrecord AS record WHERE record.gone_at IS NULL AND NOT EXISTS (
        SELECT FROM accounts_stagedrecord AS staged
        WHERE staged.employee_id = record.employee_id)
"""
_MERGE = f"""
    INSERT INTO accounts_feedrecord AS record (employee_id, gone_at, {_FACTS})
    SELECT employee_id, NULL, {_FACTS} FROM accounts_stagedrecord WHERE NOT bad
    ON CONFLICT (employee_id) DO UPDATE SET
        gone_at = NULL, {", ".join(f"{fact} = EXCLUDED.{fact}" for fact in rows.FACTS)}
    WHERE record.gone_at IS NOT NULL OR ({", ".join(f"record.{fact}" for fact in rows.FACTS)})
        IS DISTINCT FROM ({", ".join(f"EXCLUDED.{fact}" for fact in rows.FACTS)})
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reading came to. `flaws` are the bad rows: what was known of those people stays."""

    records: int
    changed: int
    gone: int
    flaws: tuple[rows.Flaw, ...]
    missing: int  # 0 unless stopped: more are gone than may be in a day, so nothing was taken
    unchanged: bool = False  # by the source's own word: nothing was read


def configured() -> bool:
    """Whether there is a feed at all."""
    return bool(settings.EMPLOYEE_FEED)


def known_at() -> datetime | None:
    """What the feed said then, the hub knows; None: nothing yet, or there is no feed."""
    rows = Synchronisation.objects.filter(name=_SOURCE).values_list("known_at", flat=True)
    return rows.first() if configured() else None


def read(*, now: datetime, allow_absent: bool = False) -> Outcome:
    """Take the feed over as a whole, or not at all.

    Bad rows are reported by line and left out; what was known of these people stays. People who
    are no more in the feed lose what it said of them, guarded as absence from the directory is.
    Raises rows.Unreadable if it does not come whole, or its header is not what the settings say.
    """
    state = Synchronisation.objects.filter(name=_SOURCE).first()
    # What was stopped must be read again, and so must what somebody allows.
    sure = state is not None and state.stopped_at is None and not allow_absent
    known = str(state.marks.get(_VERSION, "")) if state is not None and sure else ""
    try:
        with source.opened(known_version=known) as content:
            if content is None:
                return _unchanged(now=now)
            return _take_over(content, now=now, allow_absent=allow_absent)
    except rows.Unreadable as error:
        log.error("feed_unreadable", reason=str(error))
        _row(now=now, result="unreadable").save()
        raise


def _unchanged(*, now: datetime) -> Outcome:
    state = _row(now=now, result="unchanged")
    state.known_at = now
    state.save()
    log.info("feed_unchanged")
    return Outcome(0, 0, 0, (), missing=0, unchanged=True)


def _take_over(content: source.Content, *, now: datetime, allow_absent: bool) -> Outcome:
    with transaction.atomic():
        _run("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _run("TRUNCATE accounts_stagedrecord")
        records, flaws = _stage(content.lines)
        known = FeedRecord.objects.filter(gone_at=None).count()
        lately = FeedRecord.objects.filter(gone_at__gt=_since(now)).count()
        gone = int(_rows(f"SELECT count(*) {_GONE}")[0][0])
        too_many = lately + gone > _limit(known + lately) or (known > 0 and gone == known)
        if gone and too_many and not allow_absent:
            outcome = Outcome(records, 0, 0, flaws, missing=gone)
        else:
            outcome = _merge(records, gone, flaws, now=now, allowed=bool(gone and allow_absent))
        _run("TRUNCATE accounts_stagedrecord")
        _note(outcome, content.version, now=now, allowed=bool(gone and allow_absent))
    if outcome.missing:
        log.error("feed_absence_stopped", missing=outcome.missing)
    for flaw in flaws[:_LINES_KEPT]:
        log.warning("feed_row_bad", line=flaw.line, column=flaw.column, code=flaw.code)
    log.info("feed_read", records=records, changed=outcome.changed, gone=gone, bad=len(flaws))
    return outcome


def _stage(lines: Iterable[str]) -> tuple[int, tuple[rows.Flaw, ...]]:
    columns = settings.EMPLOYEE_FEED_COLUMNS
    judged = rows.parsed(
        lines,
        columns=columns,
        delimiter=settings.EMPLOYEE_FEED_DELIMITER,
        longest={fact: longest(fact) for fact in columns},
    )
    count = 0
    flaws: list[rows.Flaw] = []
    for batch in itertools.batched(judged, _ROWS_A_COPY):
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for one in batch:
                if isinstance(one, rows.Record):
                    count += 1
                    copy.write_row([one.employee_id, False, *one.facts.values()])
                    continue
                flaws.append(one)
                if one.employee_id:
                    copy.write_row([one.employee_id, True, *[""] * len(rows.FACTS)])
    return count, tuple(flaws)


def _merge(
    records: int, gone: int, flaws: tuple[rows.Flaw, ...], *, now: datetime, allowed: bool
) -> Outcome:
    if allowed:
        audit.record(
            now=now, actor=audit.HUB, action="feed_absence_allowed",
            subject_kind="synchronisation", subject_id=_SOURCE, data={"people": gone},
        )  # fmt: skip
    changed = _run(_MERGE)
    _run(
        "UPDATE accounts_feedrecord SET gone_at = %s WHERE employee_id IN"
        f" (SELECT record.employee_id {_GONE})",
        [now],
    )
    FeedRecord.objects.filter(gone_at__lte=now - _DAY).delete()
    if changed or gone:  # everybody is read again, and takes what the feed says now
        Synchronisation.objects.filter(name=_DIRECTORY).update(asked=F("asked") + 1)
    return Outcome(records, changed, gone, flaws, missing=0)


def _note(outcome: Outcome, version: str, *, now: datetime, allowed: bool) -> None:
    state = _row(now=now, result="stopped" if outcome.missing else "complete")
    state.missing = outcome.missing
    state.stopped_at = (state.stopped_at or now) if outcome.missing else None
    state.complete_due = False
    if not outcome.missing:
        state.known_at = state.complete_at = now
        # What is wrong with a row is told again each time, so that it is mended.
        state.marks = {_VERSION: version} if version and not outcome.flaws else {}
    if allowed:
        state.allowed_at = now
    state.figures = {
        "records": outcome.records,
        "changed": outcome.changed,
        "gone": outcome.gone,
        "bad": len(outcome.flaws),
        "bad_rows": [
            {"line": flaw.line, "column": flaw.column, "code": flaw.code}
            for flaw in outcome.flaws[:_LINES_KEPT]
        ],
    }
    state.save()


def _row(*, now: datetime, result: str) -> Synchronisation:
    state, _ = Synchronisation.objects.get_or_create(name=_SOURCE)
    state.ended_at, state.result = now, result
    return state


def _since(now: datetime) -> datetime:
    state = Synchronisation.objects.filter(name=_SOURCE).first()
    allowed_at = state.allowed_at if state else None
    return max(now - _DAY, allowed_at or now - _DAY)


def _limit(known: int) -> int:
    share = known * settings.DIRECTORY_ABSENT_PERCENT // 100
    return min(settings.DIRECTORY_ABSENT_PEOPLE, max(_ALWAYS, share))


def _run(statement: str, values: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
