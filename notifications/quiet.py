"""Who is not to be rung for what, or not yet: opted out, quiet hours, the right to disconnect.

Asked once a batch of pushes, by the ranges of its errands: it reads what the few have chosen who
chose something, so that a broadcast to people without preferences costs one look.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.db import connection

from hub.lib import digest_windows, quiet_hours
from notifications import calendars, clocks

OPTED_OUT, CHANNEL_OFF = "opted_out", "channel_off"
DIGEST = "digest"  # told together with others, at the end of the person's hour or day
QUIET_HOURS, DISCONNECTED = "quiet_hours", "right_to_disconnect"
SUPPRESSED = frozenset({OPTED_OUT, CHANNEL_OFF, DIGEST})  # for good
HELD = frozenset({QUIET_HOURS, DISCONNECTED})  # for a while

# The zone of somebody's clocks: what they chose, their phone's, their own. OFFSET 0 as in
# push.targets: each range is looked up in the small tables, never the other way round.
CHOSEN = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(string_to_array(%(ranges)s, ' ')::bigint[],
                         string_to_array(%(firsts)s, ' ')::uuid[],
                         string_to_array(%(lasts)s, ' ')::uuid[],
                         string_to_array(%(optional)s, ' ', '-')::uuid[])
        AS wanted(range, first, last, optional))
SELECT wanted.range, muted.employee_id::text, 'opted_out', true, true, '', '', '', '', '', ''
  FROM wanted
 CROSS JOIN LATERAL (
    SELECT employee_id FROM notifications_optout
     WHERE category_id = wanted.optional
       AND employee_id BETWEEN wanted.first AND wanted.last OFFSET 0) muted
UNION ALL
SELECT wanted.range, chosen.employee_id::text, 'preference', chosen.push,
       chosen.mail, chosen.quiet_hours::text,
       CASE WHEN chosen.quiet_hours <> '[]' OR chosen.digest <> 'immediate' THEN {zone} ELSE '' END,
       employee.geo, chosen.language, chosen.digest, chosen.digest_at
  FROM wanted
 CROSS JOIN LATERAL (
    SELECT employee_id, push, mail, quiet_hours, time_zone, language, digest, digest_at
      FROM notifications_preference
     WHERE employee_id BETWEEN wanted.first AND wanted.last
       AND (quiet_hours <> '[]' OR NOT push OR language <> '' OR digest <> 'immediate')
    OFFSET 0) chosen
  JOIN accounts_employee employee ON employee.id = chosen.employee_id
UNION ALL
SELECT -1, '', 'disconnects', true, true, '', '', '', '', '', ''
 WHERE EXISTS (SELECT 1 FROM notifications_calendar WHERE disconnects)
"""
ZONE = """coalesce(
    nullif(chosen.time_zone, ''),
    (SELECT time_zone FROM accounts_device device
      WHERE device.employee_id = employee.id AND closed_at IS NULL AND device.time_zone <> ''
      ORDER BY last_seen_at DESC LIMIT 1),
    employee.time_zone)"""
# Everybody in the ranges whose geo has the right, by their clocks.
DISCONNECTING = """
SELECT wanted.range, employee.id::text, {zone}, employee.geo
  FROM unnest(string_to_array(%(ranges)s, ' ')::bigint[],
              string_to_array(%(firsts)s, ' ')::uuid[], string_to_array(%(lasts)s, ' ')::uuid[])
       AS wanted(range, first, last)
 CROSS JOIN LATERAL (
    SELECT id, geo, time_zone FROM accounts_employee
     WHERE id BETWEEN wanted.first AND wanted.last
       AND (geo = ANY (%(geos)s) OR (%(everywhere)s AND geo <> ALL (%(known)s))) OFFSET 0) employee
  LEFT JOIN notifications_preference chosen ON chosen.employee_id = employee.id
"""
CHOSEN, DISCONNECTING = CHOSEN.format(zone=ZONE), DISCONNECTING.format(zone=ZONE)


@dataclass(slots=True)  # not frozen, and ids as text: a drain makes thousands, as of targets
class Range:
    """Employees who are to be rung for one thing. `optional` is its category, if it can be refused.

    `urgent` passes quiet hours, and the right to disconnect where the calendar lets it.
    """

    first: str
    last: str
    optional: UUID | None
    urgent: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """Why somebody is not rung now; `until` is set exactly where they are later."""

    reason: str
    until: datetime | None = None


Window = tuple[datetime, datetime]  # its end, and that of the one after it
Key = tuple[int, str]  # the place of a range, and an employee's id as text


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the few have chosen: who is not to be rung, and who reads another language."""

    silences: dict[Key, Silence]
    languages: dict[str, str]  # by the employee's id
    windows: dict[str, Window]  # of those who want optional notices together, by the same


def of(ranges: Sequence[Range], *, now: datetime) -> Chosen:
    """What people in these ranges have chosen, as far as it matters now."""
    rows, disconnects = _chosen(ranges)
    found: dict[Key, Silence] = {}
    languages: dict[str, str] = {}
    gathered: dict[str, Window] = {}
    for place, employee, kind, push, mail, windows, zone, geo, language, every, at in rows:
        wanted, key = ranges[place], (place, employee)
        if kind != OPTED_OUT and every != digest_windows.IMMEDIATE and (push or mail):
            gathered[employee] = _window(every, at, (zone, geo), now)
        if language:
            languages[employee] = language
        if kind == OPTED_OUT:
            found[key] = Silence(OPTED_OUT)
        elif wanted.optional is not None and not wanted.urgent and employee in gathered:
            found.setdefault(key, Silence(DIGEST))
        elif not push and wanted.optional is not None:
            found.setdefault(key, Silence(CHANNEL_OFF))
        elif not wanted.urgent:
            until = _quiet_until(windows, (zone, geo), now)
            if until is not None:
                found.setdefault(key, Silence(QUIET_HOURS, until))
    if disconnects:
        for key, until in _disconnected(ranges, now=now):
            before = found.get(key)
            if before is None or (before.until is not None and before.until < until):
                found[key] = Silence(DISCONNECTED, until)
    return Chosen(found, languages, gathered)


def _chosen(ranges: Sequence[Range]) -> tuple[list[tuple[Any, ...]], bool]:
    """What people in the ranges chose, and whether anybody has a right to disconnect."""
    with connection.cursor() as cursor:
        cursor.execute(
            CHOSEN,
            {**_words(ranges), "optional": " ".join(str(one.optional or "-") for one in ranges)},
        )
        rows = cursor.fetchall()
    return [row for row in rows if row[0] >= 0], any(row[0] < 0 for row in rows)


def _disconnected(ranges: Sequence[Range], *, now: datetime) -> Iterator[tuple[Key, datetime]]:
    """Those whose geo has the right to disconnect and does not work now, and until when."""
    rights = calendars.rights(now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            DISCONNECTING,
            {
                **_words(ranges),
                "geos": sorted(rights.geos),
                "known": sorted(rights.known),
                "everywhere": rights.everywhere,
            },
        )
        rows = cast("list[tuple[int, str, str, str]]", cursor.fetchall())
    ends: dict[clocks.Clock, datetime] = {}
    for place, employee, zone, geo in rows:
        if ranges[place].urgent and rights.urgent_passes(geo):
            continue
        clock = (zone, geo)
        if clock not in ends:
            ends[clock] = rights.book.next_moment(clock, moment=now)
        if ends[clock] > now:
            yield (place, employee), ends[clock]


def _words(ranges: Sequence[Range]) -> dict[str, str]:
    return {
        "ranges": " ".join(map(str, range(len(ranges)))),
        "firsts": " ".join([one.first for one in ranges]),
        "lasts": " ".join([one.last for one in ranges]),
    }


@lru_cache(maxsize=10_000)
def _window(every: str, at: str, clock: clocks.Clock, now: datetime) -> Window:
    zone = clocks.zone(clock)
    ends = digest_windows.end(every, at=at, zone=zone, moment=now)
    return ends, digest_windows.end(every, at=at, zone=zone, moment=ends)


@lru_cache(maxsize=10_000)
def _quiet_until(windows: str, clock: clocks.Clock, now: datetime) -> datetime | None:
    read = [quiet_hours.Window.read(one) for one in json.loads(windows)]
    return quiet_hours.silent_until(read, zone=clocks.zone(clock), moment=now)
