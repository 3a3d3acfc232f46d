"""Staff keep the calendars by page and by command; whatever a file holds, nothing breaks."""

from datetime import date, datetime, time

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import audit
from accounts.models import AuditEvent
from hub.lib import clock, errors
from notifications import calendars
from notifications.models import Calendar, Holiday, Seat
from tests.accounts.test_admin import act, change, member, root
from tests.notifications.test_leavers import leave, sweep

__all__ = ["root"]

pytestmark = pytest.mark.django_db

FRIDAY = datetime.fromisoformat("2026-12-25T10:00+01:00")


def opened(clock_, moment=FRIDAY):
    return calendars.read().next_moment(clock_, moment=moment)


def test_a_geo_without_a_calendar_has_the_default_one_and_that_is_monday_to_friday():
    berlin = ("Europe/Berlin", "DE")
    saturday = datetime.fromisoformat("2026-11-28T10:00+01:00")
    assert opened(berlin, saturday) == datetime.fromisoformat("2026-11-30T00:00+01:00")
    Calendar.objects.create(geo="", week_days=[5])
    assert opened(berlin, saturday) == saturday
    Calendar.objects.create(geo="DE", week_days=[6], opens_at=time(9))
    assert opened(berlin, saturday) == datetime.fromisoformat("2026-11-29T09:00+01:00")


def test_holidays_come_from_a_file_by_command_once(tmp_path, capsys):
    file = tmp_path / "holidays.csv"
    file.write_text("day,name\n2026-12-25,Christmas\n2026-12-26,\n")
    call_command("import_holidays", "DE", str(file))
    call_command("import_holidays", "DE", str(file))

    assert capsys.readouterr().out.splitlines() == [
        "DE: 2 holidays from 2026-12-25 to 2026-12-26, 2 new",
        "DE: 2 holidays from 2026-12-25 to 2026-12-26, 0 new",
    ]
    assert opened(("Europe/Berlin", "DE")) == datetime.fromisoformat("2026-12-28T00:00+01:00")
    assert AuditEvent.objects.filter(action="holidays_imported").count() == 2


@pytest.mark.parametrize("content", [b"nonsense", b"\xff\xfe", b""])
def test_a_file_without_holidays_is_refused(tmp_path, content):
    file = tmp_path / "holidays.ics"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=r"holidays\.ics"):
        call_command("import_holidays", "DE", str(file))
    assert not Calendar.objects.exists()


@pytest.mark.parametrize(
    ("traits", "pointer"),
    [
        ({"week_days": ()}, "/week_days"),
        ({"week_days": (1, 1)}, "/week_days"),
        ({"week_days": (7,)}, "/week_days"),
        ({"opens_at": time(9), "closes_at": time(9)}, "/closes_at"),
        ({"closes_at": time(0)}, "/closes_at"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(traits, pointer):
    with pytest.raises(errors.Invalid) as refusal:
        calendars.create(
            geo="DE", traits=calendars.Traits(**traits), actor=audit.HUB, now=clock.now()
        )
    assert [flaw.pointer for flaw in refusal.value.errors] == [pointer]


def test_staff_keep_a_calendar_by_its_pages_on_the_record(root):
    found = reverse("admin:notifications_calendar_found", args=["create"])
    body = {"geo": "DE", "week_days": ["0", "1"], "opens_at": "09:00", "closes_at": "17:00"}
    assert root.post(found, body).status_code == 302
    assert root.post(found, body).status_code == 422
    calendar = Calendar.objects.get(geo="DE")
    assert (calendar.week_days, calendar.closes_at) == ([0, 1], time(17))

    assert root.post(act(calendar, "edit"), {**body, "week_days": ["4"]}).status_code == 302
    assert root.post(act(calendar, "import"), {"content": "nonsense"}).status_code == 422
    assert (
        root.post(act(calendar, "import"), {"content": "2026-12-25,Christmas"}).status_code == 302
    )
    page = root.get(change(calendar)).content.decode()
    assert "Friday" in page
    assert "2026-12-25" in page
    holiday = Holiday.objects.get(day=date(2026, 12, 25))
    assert root.post(act(holiday, "remove")).status_code == 302
    assert not Holiday.objects.exists()
    actions = AuditEvent.objects.filter(subject_kind="calendar").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "calendar_created", "calendar_changed", "holidays_imported", "holiday_removed",
    ]  # fmt: skip


def test_who_may_only_look_changes_no_calendar():
    calendar = Calendar.objects.create(geo="DE", week_days=[0])
    assert member("view_calendar").post(act(calendar, "edit"), {}).status_code == 403


def test_stranded_seats_are_listed_for_staff_and_the_reading_is_recorded(
    root, accept, charlie, alice, provider
):
    accept(charlie), accept(alice)
    leave(charlie)
    sweep()
    page = root.get(reverse("admin:notifications_seat_changelist")).content.decode()

    assert "E1003" in page
    assert "E1001" not in page
    assert root.get(change(Seat.objects.get(holder=charlie))).status_code == 200
    assert AuditEvent.objects.filter(subject_kind="seat_list").exists()
