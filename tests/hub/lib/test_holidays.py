"""Holidays are read from what calendars export and from what people type, or refused."""

from datetime import date

import pytest

from hub.lib import holidays

ICAL = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Example//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261225\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Christmas\\, both\r
  days\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20280229\r
SUMMARY:Leap day\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_an_icalendar_file_is_read_day_by_day():
    assert holidays.parse(ICAL) == {
        date(2026, 12, 25): "Christmas, both days",
        date(2026, 12, 26): "Christmas, both days",
        date(2028, 2, 29): "Leap day",
    }


def test_a_csv_file_is_read_with_its_head_or_without():
    read = {date(2026, 10, 3): "Tag der Einheit", date(2026, 10, 31): ""}

    assert holidays.parse("day,name\n2026-10-03,Tag der Einheit\n\n2026-10-31\n") == read
    assert holidays.parse("\ufeff2026-10-03, Tag der Einheit \n2026-10-31,\n") == read


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no holiday"),
        ("day,name\n", "no holiday"),
        ("day,name\n3.10.2026,Einheit\n", "Line 2"),
        ('2026-10-03,"x\n', "CSV"),
        (ICAL.replace("SUMMARY:Leap", "RRULE:FREQ=YEARLY\r\nSUMMARY:Leap"), "repeats"),
        (ICAL.replace("DTSTART;VALUE=DATE:20280229\r\n", ""), "no day"),
        (ICAL.replace("20261227", "20271227"), "lasts"),
        (ICAL.replace("20280229", "2028O229"), "iCalendar"),
        ("BEGIN:VCALENDAR\nnonsense", "iCalendar"),
        ("\n".join(str(date.fromordinal(730_000 + day)) for day in range(5001)), "more than"),
    ],
)
def test_what_holds_none_is_refused_and_told_why(content, says):
    with pytest.raises(holidays.BadFile, match=says):
        holidays.parse(content)
