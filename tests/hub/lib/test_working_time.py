"""The next working moment: by the clocks of the place, across days that have 23 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.lib.working_time import WorkingTime, next_working_moment

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
                                 "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns")]
)  # fmt: skip
MOMENTS = st.integers(1_306_900_000, 1_988_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@st.composite
def working_times(draw):
    opens_at = draw(HOURS)
    closes_at = draw(st.none() | HOURS.filter(lambda hour: hour > opens_at))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    holidays = draw(st.frozensets(st.dates(date(2011, 6, 1), date(2033, 1, 31)), max_size=10))
    return WorkingTime(days, opens_at, closes_at, holidays)


@given(working_times(), ZONES, MOMENTS)
@example(
    WorkingTime(opens_at=time(2, 30), closes_at=time(3)),
    BERLIN,
    datetime(2026, 3, 28, 12, tzinfo=UTC),
)  # the hour that the clocks skip
@example(WorkingTime(frozenset({6}), time(2)), BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC))
@example(WorkingTime(), KOLKATA, datetime(2028, 2, 29, 20, tzinfo=UTC))
def test_it_is_working_time_never_earlier_and_nothing_earlier_would_do(working, zone, moment):
    found = next_working_moment(working, zone=zone, moment=moment)

    assert found >= moment
    assert working.has(found.astimezone(zone))
    assert found.utcoffset() == timedelta(0)
    # Every quarter of an hour before it is none, and the search is the same from each of them.
    quarters = int(min(found - moment, timedelta(days=40)) / timedelta(minutes=15))
    for number in range(1, quarters):
        between = moment + number * timedelta(minutes=15)
        if between < found:
            assert not working.has(between.astimezone(zone))
    assert next_working_moment(working, zone=zone, moment=found) == found


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T10:00+01:00", "2026-11-27T10:00+01:00"),  # a Friday at work
        ("2026-11-27T17:00+01:00", "2026-11-30T09:00+01:00"),  # closed: on Monday
        ("2026-11-28T10:00+01:00", "2026-11-30T09:00+01:00"),
        ("2026-11-27T03:00+01:00", "2026-11-27T09:00+01:00"),
        ("2026-12-24T18:00+01:00", "2026-12-28T09:00+01:00"),  # Christmas, then a weekend
        ("2026-03-28T12:00+01:00", "2026-03-30T09:00+02:00"),  # over the change of the clocks
        ("2028-02-28T18:00+01:00", "2028-02-29T09:00+01:00"),  # a leap day is a Tuesday
    ],
)
def test_a_week_in_berlin(moment, expected):
    working = WorkingTime(
        opens_at=time(9), closes_at=time(17), holidays=frozenset({date(2026, 12, 25)})
    )
    found = next_working_moment(working, zone=BERLIN, moment=datetime.fromisoformat(moment))

    assert found == datetime.fromisoformat(expected)


def test_a_calendar_in_which_nobody_ever_works_holds_nothing_back():
    moment = datetime(2026, 11, 28, tzinfo=UTC)

    assert next_working_moment(WorkingTime(frozenset()), zone=BERLIN, moment=moment) == moment
