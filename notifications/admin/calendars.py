"""Working calendars: when people of a geo may be reminded."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import acts, base, tables
from hub.lib import errors, holidays
from notifications import calendars
from notifications.models import Calendar, Holiday

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOLIDAYS_SHOWN = 200
TRAITS = ("week_days", "opens_at", "closes_at", "disconnects", "urgent_passes")


class TraitsForm(forms.Form):
    """Days of the week and hours of the day."""

    week_days = forms.TypedMultipleChoiceField(
        choices=list(enumerate(DAYS)),
        coerce=int,
        initial=[0, 1, 2, 3, 4],
        widget=forms.CheckboxSelectMultiple,
    )
    opens_at = forms.TimeField(required=False, help_text="Empty: midnight.")
    closes_at = forms.TimeField(required=False, help_text="Empty: midnight.")
    disconnects = forms.BooleanField(
        required=False,
        label="Right to disconnect",
        help_text="Outside of these days and hours, and on holidays, nothing is pushed.",
    )
    urgent_passes = forms.BooleanField(
        required=False, initial=True, help_text="Urgent notifications are pushed nevertheless."
    )


class LiftingForm(forms.Form):
    """For how long pushes pass, and why."""

    hours = forms.IntegerField(min_value=1, max_value=72, initial=2, help_text="From now on.")
    reason = forms.CharField(max_length=500, help_text="It stays in the audit log.")


class CreationForm(TraitsForm):
    """A new calendar, and of which geo."""

    field_order = ("geo", *TRAITS)
    geo = forms.CharField(
        max_length=64,
        required=False,
        help_text="As the directory has it. Empty: for all whose geo has no calendar.",
    )


class HolidaysForm(forms.Form):
    """Holidays, as a file has them."""

    content = forms.CharField(
        widget=forms.Textarea,
        max_length=1_000_000,
        help_text="An iCalendar file, or lines such as 2026-12-25,Christmas.",
    )


def traits_of(data: Any) -> calendars.Traits:
    """The traits in a filled-in form."""
    return calendars.Traits(
        week_days=tuple(data["week_days"]),
        opens_at=data["opens_at"],
        closes_at=data["closes_at"],
        disconnects=data["disconnects"],
        urgent_passes=data["urgent_passes"],
    )


def create(deed: acts.Deed) -> None:
    """A new calendar."""
    calendars.create(
        geo=deed.data["geo"], traits=traits_of(deed.data), actor=deed.actor, now=deed.now
    )


def edit(deed: acts.Deed) -> None:
    """Other days and hours."""
    calendars.edit(
        calendar_id=deed.subject.pk, traits=traits_of(deed.data), actor=deed.actor, now=deed.now
    )


def lift(deed: acts.Deed) -> None:
    """Pushes pass, in an emergency."""
    calendars.lift(
        calendar_id=deed.subject.pk,
        until=deed.now + timedelta(hours=deed.data["hours"]),
        reason=deed.data["reason"],
        actor=deed.actor,
        now=deed.now,
    )


def import_holidays(deed: acts.Deed) -> None:
    """More holidays."""
    try:
        found = holidays.parse(deed.data["content"])
    except holidays.BadFile as error:
        flaw = errors.FieldError("/content", "invalid", str(error))
        raise errors.Invalid(str(error), errors=[flaw]) from error
    calendars.import_holidays(geo=deed.subject.geo, holidays=found, actor=deed.actor, now=deed.now)


def remove_holiday(deed: acts.Deed) -> None:
    """People work on that day after all."""
    calendars.remove_holiday(holiday_id=deed.subject.pk, actor=deed.actor, now=deed.now)


def present_traits(calendar: Calendar) -> dict[str, object]:
    """What the form begins with."""
    return {name: getattr(calendar, name) for name in TRAITS}


@admin.register(Calendar)
class CalendarAdmin(base.ReadOnlyAdmin):
    """Calendars by geo."""

    list_display = ("__str__", "days", "opens_at", "closes_at", "disconnects")
    search_fields = ("geo",)
    search_help_text = "Geo"
    fields = (
        "geo", "days", "opens_at", "closes_at", "disconnects", "urgent_passes", "lifted_until",
    )  # fmt: skip
    founding_acts = (
        acts.Act(
            "create",
            "Add calendar",
            "It holds from the next reminder on.",
            create,
            form=CreationForm,
            permission="add",
        ),
    )
    row_acts = (
        acts.Act(
            "edit",
            "Edit",
            "It holds from the next reminder on.",
            edit,
            form=TraitsForm,
            initial=present_traits,
        ),
        acts.Act(
            "lift",
            "Emergency: let pushes pass",
            "The right to disconnect is lifted for a while: from now on everything is pushed at"
            " once. It is recorded with your name.",
            lift,
            form=LiftingForm,
            applies=lambda calendar: calendar.disconnects,
            grave=True,
        ),
        acts.Act(
            "import",
            "Add holidays",
            "Days that are there already get their new names; none is taken out.",
            import_holidays,
            form=HolidaysForm,
        ),
    )

    @admin.display(description="Days of work")
    def days(self, calendar: Calendar) -> str:
        return ", ".join(DAYS[day] for day in calendar.week_days)

    def tables_below(self, request: HttpRequest, row: Calendar) -> Iterable[tables.Table]:
        days = Holiday.objects.filter(calendar=row).order_by("-day")[:HOLIDAYS_SHOWN]
        yield tables.Table(
            "Holidays",
            ["Day", "Name"],
            [[tables.link(day, str(day.day)), day.name] for day in days],
            empty="None.",
        )


@admin.register(Holiday)
class HolidayAdmin(base.ReadOnlyAdmin):
    """Holidays of all calendars."""

    list_display = ("day", "name", "calendar")
    list_filter = ("calendar",)
    list_select_related = ("calendar",)
    fields = ("calendar", "day", "name")
    row_acts = (
        acts.Act(
            "remove",
            "Remove",
            "People of the calendar may be reminded on that day.",
            remove_holiday,
            permission="delete",
        ),
    )
