"""The ends of hours and days by the clocks of a zone, also where those are put forward or back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import digest_windows

VIENNA = ZoneInfo("Europe/Vienna")  # forward on 29 March 2026, back on 25 October, at 01:00 UTC
ZONES = ["UTC", "Europe/Vienna", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "moment", "ends"),
    [
        ("08:00", "2026-01-10T06:59:59", "2026-01-10T07:00"),
        ("08:00", "2026-01-10T07:00", "2026-01-11T07:00"),  # who is just told waits for the next
        ("08:00", "2026-03-28T08:00", "2026-03-29T06:00"),  # a night of 23 hours
        ("08:00", "2026-10-24T08:00", "2026-10-25T07:00"),  # one of 25
        ("02:30", "2026-03-29T00:00", "2026-03-29T01:30"),  # skipped: as late as they went forward
        ("02:30", "2026-10-24T23:00", "2026-10-25T00:30"),  # comes twice: the first
        ("02:30", "2026-10-25T00:30", "2026-10-26T01:30"),  # and not again on that day
    ],
)
def test_a_day_ends_when_the_clocks_on_the_wall_say_so(at, moment, ends):
    assert digest_windows.end("daily", at=at, zone=VIENNA, moment=utc(moment)) == utc(ends)


@pytest.mark.parametrize(
    ("zone", "moment", "ends"),
    [
        ("UTC", "2026-01-10T06:59:59", "2026-01-10T07:00"),
        ("UTC", "2026-01-10T07:00", "2026-01-10T08:00"),
        ("Asia/Kolkata", "2026-01-10T06:15", "2026-01-10T06:30"),  # noon there
        ("Europe/Vienna", "2026-03-29T00:30", "2026-03-29T01:00"),
        ("Europe/Vienna", "2026-10-25T00:30", "2026-10-25T01:00"),
        ("Europe/Vienna", "2026-10-25T01:30", "2026-10-25T02:00"),  # the hour that comes twice
    ],
)
def test_an_hour_is_full_by_those_clocks(zone, moment, ends):
    end = digest_windows.end("hourly", at="08:00", zone=ZoneInfo(zone), moment=utc(moment))
    assert end == utc(ends)


@given(
    st.integers(1_577_800_000, 2_051_200_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(ZONES),
    st.sampled_from(["hourly", "daily"]),
    st.times(),
)
def test_the_end_is_always_ahead_and_never_farther_than_a_window(moment, zone, every, at):
    said = f"{at:%H:%M}"
    end = digest_windows.end(every, at=said, zone=ZoneInfo(zone), moment=moment)
    assert timedelta(0) < end - moment <= timedelta(hours=1 if every == "hourly" else 25)
    following = digest_windows.end(every, at=said, zone=ZoneInfo(zone), moment=end)
    assert following > end
