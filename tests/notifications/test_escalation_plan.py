"""When what happens while nobody answers: moments from durations, and what makes no sense."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lib import durations
from notifications.escalation import plan

ASKED = datetime(2026, 11, 27, 9, tzinfo=UTC)


def step(after, do="remind", **more):
    return {"after": after, "do": do, **more}


def flaws(*steps, seated=True):
    found = plan.check(list(steps), pointer="/escalation", seated=seated)
    return [(flaw.pointer, flaw.code) for flaw in found]


def test_steps_follow_each_other_with_the_reminder_of_the_due_time_between_them():
    steps = [step("P1D"), step("P3D", "manager"), step("P5D", "group", group="Finance")]
    planned = plan.plan(steps, asked_at=ASKED, due_at=ASKED + timedelta(days=5))

    assert [(one.place, one.do, (one.at - ASKED).days) for one in planned] == [
        (1, "remind", 1), (2, "manager", 3), (plan.DUE, "remind", 4), (3, "group", 5),
    ]  # fmt: skip
    assert planned[-1].group == "Finance"


def test_of_a_short_time_people_are_reminded_when_half_of_it_is_over():
    [one] = plan.plan([], asked_at=ASKED, due_at=ASKED + timedelta(hours=1))

    assert one.at == ASKED + timedelta(minutes=30)
    assert plan.plan([], asked_at=ASKED, due_at=ASKED) == []


@given(
    st.lists(st.integers(60, 31_536_000), unique=True, min_size=1, max_size=8),
    st.none() | st.integers(1, 10**7),
)
def test_every_step_has_its_moment_after_the_asking_and_they_are_in_order(seconds, due):
    steps = [step(durations.render(timedelta(seconds=each))) for each in sorted(seconds)]
    due_at = None if due is None else ASKED + timedelta(seconds=due)
    planned = plan.plan(steps, asked_at=ASKED, due_at=due_at)

    assert flaws(*steps) == []
    assert len(planned) == len(steps) + (due is not None)
    assert [one.at for one in planned] == sorted(one.at for one in planned)
    assert all(one.at > ASKED for one in planned)
    assert all(one.at < due_at for one in planned if one.place == plan.DUE)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([step("P1Y")], ("/escalation/0/after", "bad_duration")),
        ([step("P")], ("/escalation/0/after", "bad_duration")),
        ([step("PT1S")], ("/escalation/0/after", "bad_duration")),
        ([step("P366D")], ("/escalation/0/after", "bad_duration")),
        ([step("PT99999H")], ("/escalation/0/after", "bad_duration")),
        ([step("P1D"), step("PT24H")], ("/escalation/1/after", "not_later")),
        ([step("P2D"), step("P1D")], ("/escalation/1/after", "not_later")),
        ([step("P1D", "group")], ("/escalation/0/group", "invalid")),
        ([step("P1D", "manager", group="Finance")], ("/escalation/0/group", "invalid")),
    ],
)
def test_what_makes_no_sense_is_pointed_at(steps, expected):
    assert flaws(*steps) == [expected]


def test_what_is_decided_by_nobody_passes_to_nobody():
    steps = [step("P1D"), step("P2D", "manager"), step("P3D", "group", group="Finance")]

    assert flaws(*steps, seated=False) == [
        ("/escalation/1/do", "nobody_decides"), ("/escalation/2/do", "nobody_decides"),
    ]  # fmt: skip
    assert plan.only_reminders(steps) == [step("P1D")]


@pytest.mark.parametrize(
    "escalation",
    [
        None, {}, "P1D", [1], [{}], [{"after": "P1D"}], [{"after": "P1D", "do": "shout"}],
        [{"after": 1, "do": "remind"}], [{"after": "P1D", "do": "remind", "to": "x"}],
        [step("P1D", group=None)], [step(f"P{day}D") for day in range(1, 10)],
    ],
)  # fmt: skip
def test_what_does_not_look_like_steps_is_refused_as_a_whole(escalation):
    found = plan.check(escalation, pointer="/escalation", seated=True)
    assert [(flaw.pointer, flaw.code) for flaw in found] == [("/escalation", "invalid")]
