"""Quiet hours by the clocks of a place: midnight, week days, days of 23 and 25 hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib.quiet_hours import DAYS, LONGEST, Window, leaves_open, silent_until

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")]
)
MOMENTS = st.integers(1_735_700_000, 1_988_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
WINDOWS = st.lists(
    st.builds(Window, st.frozensets(st.integers(0, 6), min_size=1), HOURS, HOURS), max_size=4
)


def window(begins, ends, *days):
    return Window.read({"days": list(days or DAYS), "from": begins, "until": ends})


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


NIGHT = window("22:00", "07:00")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-27T21:59", None),
        ("2026-11-27T22:00", "2026-11-28T07:00"),
        ("2026-11-28T03:00", "2026-11-28T07:00"),
        ("2026-11-28T07:00", None),
        ("2026-03-29T01:00", "2026-03-29T07:00"),  # a night of eight hours
        ("2026-10-25T01:00", "2026-10-25T07:00"),  # and one of ten
    ],
)
def test_a_night_ends_in_the_morning_by_the_clocks_on_the_wall(moment, until):
    found = silent_until([NIGHT], zone=BERLIN, moment=at(moment))

    assert found == (None if until is None else at(until))


def test_an_end_that_the_clocks_skip_comes_as_late_as_they_were_put_forward():
    found = silent_until([window("22:00", "02:30")], zone=BERLIN, moment=at("2026-03-29T01:00"))

    assert found == at("2026-03-29T03:30")


def test_of_an_end_that_comes_twice_the_first_counts():
    found = silent_until([window("22:00", "02:30")], zone=BERLIN, moment=at("2026-10-25T01:00"))

    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in summer time


def test_a_window_belongs_to_the_day_on_which_it_begins():
    friday = [window("22:00", "07:00", "friday")]

    assert silent_until(friday, zone=BERLIN, moment=at("2026-11-28T06:00")) is not None  # Saturday
    assert silent_until(friday, zone=BERLIN, moment=at("2026-11-28T23:00")) is None


def test_windows_without_a_pause_between_them_are_one_silence():
    weekend = [NIGHT, window("00:00", "00:00", "saturday", "sunday")]

    found = silent_until(weekend, zone=BERLIN, moment=at("2026-11-27T23:00"))
    assert found == at("2026-11-30T07:00")


def test_a_week_without_an_open_minute_is_told_from_one_with():
    assert not leaves_open([window("00:00", "00:00")])
    assert leaves_open([window("00:00", "23:59")])
    assert leaves_open([])


@given(WINDOWS, ZONES, MOMENTS)
def test_silence_ends_once_and_never_later_than_in_a_week(windows, zone, moment):
    until = silent_until(windows, zone=zone, moment=moment)

    if until is None:
        return
    assert moment < until <= moment + LONGEST
    if until < moment + LONGEST:
        assert silent_until(windows, zone=zone, moment=until) is None
    just_before = until - timedelta(seconds=1)
    assert silent_until(windows, zone=zone, moment=max(moment, just_before)) is not None
