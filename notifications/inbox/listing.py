"""A page of an inbox, by keyset: what waits for the reader stands on top, then newest first.

A list has sections, read one after the other; a cursor names its section, so that a page may end in
one and begin in the next. See docs/mobile-api.md, "Inbox".
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from hub.lib import clock, cursors
from notifications import delegated, waiting
from notifications.inbox import searching
from notifications.inbox.copies import asleep, copies
from notifications.inbox.items import Item, items
from notifications.models import Recipient

STATES = ("open", "waiting", "snoozed", "archived")

WAITING_AT_MOST = 500  # that are named one by one

NEWEST_FIRST = ("-arrived_at", "-notification_id")
OLDEST_FIRST = ("arrived_at", "notification_id")

Rows = QuerySet[Recipient]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an inbox and the cursors of its two ends.

    A search looks through a bounded number of copies a page: a page of it may hold fewer than were
    asked for, even none, and still have a cursor on.
    """

    entries: list[Item]
    after: str | None  # the next, older page
    before: str | None  # the previous, newer page


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy stands in a list."""

    section: int
    at: datetime
    last: uuid.UUID

    def beyond(self, *, older: bool) -> Q:
        """What lies beyond it in its section."""
        if older:
            return Q(arrived_at__lt=self.at) | Q(arrived_at=self.at, notification_id__lt=self.last)
        return Q(arrived_at__gt=self.at) | Q(arrived_at=self.at, notification_id__gt=self.last)


def page(
    *,
    employee_id: uuid.UUID,
    state: str = "open",
    category: str | None = None,
    subsystem: str | None = None,
    text: str | None = None,
    after: str | None = None,
    before: str | None = None,
    page_size: int = 50,
    now: datetime | None = None,
) -> Page:
    """A page of the copies in a state (see STATES), narrowed down to what the reader asks for.

    Raises Invalid for a cursor that no page of such a list gave out.
    """
    now = now or clock.now()
    who = delegated.reader(employee_id=employee_id, now=now)
    sections = _sections(state, who=who, now=now, as_one=text is not None)
    if category is not None:
        sections = [rows.filter(notification__category__key=category) for rows in sections]
    if subsystem is not None:
        sections = [rows.filter(notification__subsystem__key=subsystem) for rows in sections]
    older = before is None
    cursor = after if older else before
    start = _read(cursor, sections=len(sections)) if cursor is not None else None
    if text is None:
        found, further = _read_on(sections, start, older=older, limit=page_size)
    else:
        found, further = _look(sections[0], start, text=text, older=older, limit=page_size)
    nearest = found[0][0] if found and start is not None else None
    shown = [copy for _, copy in (found if older else reversed(found))]
    return Page(
        entries=items(shown, who=who, now=now),
        after=_written(further if older else nearest),
        before=_written(nearest if older else further),
    )


def _sections(state: str, *, who: delegated.Reader, now: datetime, as_one: bool) -> Sequence[Rows]:
    """The list's sections, the upper one first; a search has one only, newest first."""
    rows = copies(who)
    waits = waiting.for_person(who.employee_id, standing_in=who.standing_in)
    if state == "archived":
        return [rows.exclude(archived_at=None)]
    if state == "snoozed":
        return [rows.filter(Q(snoozed_until__isnull=False), asleep(now))]
    awake = rows.exclude(asleep(now))
    if state == "waiting":
        return [awake.filter(waits)]
    # What waits never falls off: it stands there even if it was archived before it asked anew.
    if as_one:
        return [awake.filter(Q(archived_at=None) | waits)]
    # Asked once: both sections are then read by the inbox's own index.
    found = list(awake.filter(waits).values_list("notification_id", flat=True)[:WAITING_AT_MOST])
    if len(found) < WAITING_AT_MOST:
        waits = Q(notification_id__in=found)
    return [awake.filter(waits), awake.filter(archived_at=None).exclude(waits)]


def _read_on(
    sections: Sequence[Rows], start: Place | None, *, older: bool, limit: int
) -> tuple[list[tuple[Place, Recipient]], Place | None]:
    """The next copies in one direction, and the place to go on from if there are more."""
    found: list[tuple[Place, Recipient]] = []
    first = start.section if start else 0
    for number in range(first, len(sections)) if older else range(first, -1, -1):
        rows = sections[number].order_by(*(NEWEST_FIRST if older else OLDEST_FIRST))
        if start is not None and start.section == number:
            rows = rows.filter(start.beyond(older=older))
        found += [(_place(number, copy), copy) for copy in rows[: limit + 1 - len(found)]]
        if len(found) > limit:
            return found[:limit], found[limit - 1][0]
    return found, None


def _look(
    rows: Rows, start: Place | None, *, text: str, older: bool, limit: int
) -> tuple[list[tuple[Place, Recipient]], Place | None]:
    """The same of a search, which may end before it has found as many."""
    found: list[tuple[Place, Recipient]] = []
    ordered = rows.order_by(*(NEWEST_FIRST if older else OLDEST_FIRST))
    for size in searching.CHUNKS:
        beyond = ordered if start is None else ordered.filter(start.beyond(older=older))
        chunk = list(beyond.values_list("arrived_at", "notification_id")[:size])
        hits = searching.matching([last for _, last in chunk], text=text)
        places = [Place(0, at, last) for at, last in chunk if last in hits]
        places = places[: limit + 1 - len(found)]
        read = {
            copy.notification_id: copy
            for copy in rows.filter(notification_id__in=[place.last for place in places])
        }
        found += [(place, read[place.last]) for place in places if place.last in read]
        if len(found) > limit:
            return found[:limit], found[limit - 1][0]
        if len(chunk) < size:
            return found, None
        start = Place(0, *chunk[-1])
    return found, start


def _place(section: int, copy: Recipient) -> Place:
    return Place(section, copy.arrived_at, copy.notification_id)


def _written(place: Place | None) -> str | None:
    if place is None:
        return None
    return cursors.encode(place.section, place.at.isoformat(), place.last)


def _read(cursor: str, *, sections: int) -> Place:
    """The place that a cursor names. Raises Invalid for one of another list."""
    number, at, last = cursors.decode(cursor, parts=3)
    try:
        place = Place(int(number), datetime.fromisoformat(at), uuid.UUID(last))
    except ValueError as error:
        raise cursors.bad() from error
    if place.at.tzinfo is None or not 0 <= place.section < sections:
        raise cursors.bad()
    return place
