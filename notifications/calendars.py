"""Working calendars: when people of a geo may be reminded, and how staff keep them.

See docs/operations.md, "Working calendars".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from accounts import audit
from hub.lib import errors, text, working_time
from notifications import clocks, queues
from notifications.models import Calendar, Errand, Holiday

DEFAULT_GEO = ""
LIFTED_AT_MOST = timedelta(hours=72)
# Where no administrator said anything: Monday to Friday.
UNSAID = working_time.WorkingTime()


@dataclass(frozen=True, slots=True)
class Traits:
    """All that may change about a calendar, but for its holidays."""

    week_days: Sequence[int] = (0, 1, 2, 3, 4)
    opens_at: time | None = None
    closes_at: time | None = None
    disconnects: bool = False  # the right to disconnect: no pushes outside of working time, …
    urgent_passes: bool = True  # … but urgent ones


@dataclass(frozen=True, slots=True)
class Book:
    """All calendars, read once."""

    by_geo: Mapping[str, working_time.WorkingTime]

    def next_moment(self, clock: clocks.Clock, *, moment: datetime) -> datetime:
        """That moment, or the next beginning of work of people with this time zone and geo."""
        default = self.by_geo.get(DEFAULT_GEO, UNSAID)
        return working_time.next_working_moment(
            self.by_geo.get(clock[1], default), zone=clocks.zone(clock), moment=moment
        )


def read() -> Book:
    """The calendars as they are now, with the holidays that may still matter."""
    days: dict[int, set[date]] = {}
    for calendar_id, day in Holiday.objects.values_list("calendar_id", "day"):
        days.setdefault(calendar_id, set()).add(day)
    return Book(
        {
            calendar.geo: working_time.WorkingTime(
                week_days=frozenset(calendar.week_days),
                opens_at=calendar.opens_at or time.min,
                closes_at=calendar.closes_at,
                holidays=frozenset(days.get(calendar.pk, ())),
            )
            for calendar in Calendar.objects.all()
        }
    )


@dataclass(frozen=True, slots=True)
class Rights:
    """Where people have the right to disconnect now."""

    book: Book
    geos: frozenset[str]
    everywhere: bool  # in all geos that are not known
    known: frozenset[str]
    passing: frozenset[str]  # where urgent pushes are let through

    def urgent_passes(self, geo: str) -> bool:
        """Whether what is urgent reaches people of that geo nevertheless."""
        return (geo if geo in self.known else DEFAULT_GEO) in self.passing


def rights(*, now: datetime) -> Rights:
    """The right to disconnect, geo by geo, as far as it is not lifted now."""
    every = list(Calendar.objects.all())
    held = [c for c in every if c.disconnects and (c.lifted_until is None or c.lifted_until <= now)]
    return Rights(
        book=read(),
        geos=frozenset(calendar.geo for calendar in held) - {DEFAULT_GEO},
        everywhere=any(calendar.geo == DEFAULT_GEO for calendar in held),
        known=frozenset(calendar.geo for calendar in every) - {DEFAULT_GEO},
        passing=frozenset(calendar.geo for calendar in every if calendar.urgent_passes),
    )


def create(*, geo: str, traits: Traits, actor: audit.Actor, now: datetime) -> Calendar:
    """The calendar of a geo. Raises Invalid with /geo, /week_days or /closes_at."""
    _check(traits)
    if text.flaw(geo) or len(geo) > 64:
        raise _invalid("/geo", "invalid", "A geo has up to 64 printable characters.")
    with transaction.atomic():
        calendar, made = Calendar.objects.get_or_create(geo=geo, defaults=_columns(traits))
        if not made:
            raise _invalid("/geo", "taken", "This geo has a calendar.")
        _note(actor, "calendar_created", calendar, now=now, **_said(traits))
    return calendar


def edit(*, calendar_id: int, traits: Traits, actor: audit.Actor, now: datetime) -> None:
    """Other days and hours, from the next reminder on. Raises NotFound, and Invalid as `create`."""
    _check(traits)
    with transaction.atomic():
        calendar = Calendar.objects.select_for_update().filter(pk=calendar_id).first()
        if calendar is None:
            raise errors.NotFound("There is no such calendar.")
        Calendar.objects.filter(pk=calendar_id).update(**_columns(traits))
        _note(actor, "calendar_changed", calendar, now=now, **_said(traits))


def lift(
    *, calendar_id: int, until: datetime, reason: str, actor: audit.Actor, now: datetime
) -> None:
    """Let pushes through in spite of the right to disconnect, in an emergency, until then.

    What is held leaves at once. Raises NotFound, and Invalid with /until or
    /reason.
    """
    if not now < until <= now + LIFTED_AT_MOST:
        raise _invalid("/until", "invalid", "Within the next 72 hours.")
    if not reason.strip():
        raise _invalid("/reason", "blank", "Say why: it stays in the audit log.")
    with transaction.atomic():
        calendar = Calendar.objects.select_for_update().filter(pk=calendar_id).first()
        if calendar is None:
            raise errors.NotFound("There is no such calendar.")
        Calendar.objects.filter(pk=calendar_id).update(lifted_until=until)
        Errand.objects.filter(kind=Errand.Kind.PUSH, dead_at=None, last_error=Errand.QUIET).update(
            due_at=now  # whoever wants quiet hours of their own is left in peace again
        )
        for queue in (queues.PUSH, queues.BULK):
            queues.wake(queue)
        said = {"until": until.isoformat(), "reason": reason.strip()}
        _note(actor, "right_to_disconnect_lifted", calendar, now=now, **said)


def import_holidays(
    *, geo: str, holidays: Mapping[date, str], actor: audit.Actor, now: datetime
) -> int:
    """Put these days into a geo's calendar, which is made if there is none; how many were new.

    A day that is there already gets its new name. Nothing is taken out: see `remove_holiday`.
    """
    with transaction.atomic():
        calendar, _ = Calendar.objects.get_or_create(geo=geo, defaults=_columns(Traits()))
        known = set(Holiday.objects.filter(calendar=calendar).values_list("day", flat=True))
        Holiday.objects.bulk_create(
            [Holiday(calendar=calendar, day=day, name=name) for day, name in holidays.items()],
            update_conflicts=True,
            unique_fields=["calendar", "day"],
            update_fields=["name"],
        )
        new = len(holidays.keys() - known)
        _note(actor, "holidays_imported", calendar, now=now, days=len(holidays), new=new)
    return new


def remove_holiday(*, holiday_id: int, actor: audit.Actor, now: datetime) -> None:
    """People work on that day after all. Raises NotFound."""
    with transaction.atomic():
        holiday = Holiday.objects.select_related("calendar").filter(pk=holiday_id).first()
        if holiday is None:
            raise errors.NotFound("There is no such holiday.")
        holiday.delete()
        _note(actor, "holiday_removed", holiday.calendar, now=now, day=str(holiday.day))


def _check(traits: Traits) -> None:
    if not _are_week_days(traits.week_days):
        raise _invalid("/week_days", "invalid", "At least one day of the week, each once.")
    opens_at = traits.opens_at or time.min
    if traits.closes_at is not None and traits.closes_at <= opens_at:
        raise _invalid("/closes_at", "invalid", "Work ends after it has begun, on the same day.")


def _are_week_days(days: Collection[int]) -> bool:
    return bool(days) and len(set(days)) == len(days) and set(days) <= set(range(7))


def _columns(traits: Traits) -> dict[str, object]:
    return {**asdict(traits), "week_days": sorted(traits.week_days)}


def _said(traits: Traits) -> dict[str, object]:
    hours: Iterable[time | None] = (traits.opens_at, traits.closes_at)
    opens_at, closes_at = (None if hour is None else hour.isoformat("minutes") for hour in hours)
    return {
        "week_days": sorted(traits.week_days), "opens_at": opens_at, "closes_at": closes_at,
        "disconnects": traits.disconnects, "urgent_passes": traits.urgent_passes,
    }  # fmt: skip


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])


def _note(
    actor: audit.Actor, action: str, calendar: Calendar, *, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="calendar",
        subject_id=calendar.pk,
        data={"geo": calendar.geo, **data},
    )
