"""Durations of the contract have one meaning, or none."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import durations


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P1D", timedelta(days=1)),
        ("PT4H", timedelta(hours=4)),
        ("PT4H30M", timedelta(hours=4, minutes=30)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("PT90M", timedelta(minutes=90)),
        ("PT15S", timedelta(seconds=15)),
        ("P0D", timedelta()),
    ],
)
def test_a_duration_of_fixed_length_is_read(text: str, duration: timedelta) -> None:
    assert durations.parse(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *["", "P", "PT", "P1DT", "P1Y", "P1M", "P1W1D", "-P1D", "+P1D", "P-1D", "P1.5D", "1"],
        *["1 day", "p1d", "P1D ", "P1D\n", "PT1M1H", "P1H", "P\u0661D", "P999999D"],
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(durations.BadDuration, match="P1D"):
        durations.parse(text)


@given(st.integers(0, 99_999 * 86_400))
def test_what_is_rendered_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert durations.parse(durations.render(duration)) == duration


def test_fractions_and_negative_durations_are_not_rendered() -> None:
    for duration in (timedelta(milliseconds=1), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="whole seconds"):
            durations.render(duration)
