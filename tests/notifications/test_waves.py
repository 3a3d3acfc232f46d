"""Everybody at the same hour of their own day, also on the days on which clocks are changed."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Employee
from hub.lib import clock, environment, errors
from notifications import drain, errands, queues, waves, withdrawal
from notifications.models import Errand, Recipient
from tests.conftest import employee
from tests.notifications.acting import shown, work

NINE = time(9)
AT_NINE = {"by": "time_zone", "at": "09:00"}
EVERYBODY = {"any": [{"everybody": True}]}


@pytest.mark.parametrize(
    ("zone", "at", "start", "expected"),
    [
        ("Europe/Berlin", "09:00", "2026-01-10T06:00", "2026-01-10T08:00"),
        ("Europe/Berlin", "09:00", "2026-01-10T08:00", "2026-01-10T08:00"),  # just now
        ("Europe/Berlin", "09:00", "2026-01-10T08:01", "2026-01-11T08:00"),  # missed: tomorrow
        ("Europe/Berlin", "09:00", "2026-03-28T08:30", "2026-03-29T07:00"),  # over the change: 23 h
        ("Europe/Berlin", "09:00", "2026-10-24T07:30", "2026-10-25T08:00"),  # over the change: 25 h
        ("Europe/Berlin", "02:30", "2026-03-28T12:00", "2026-03-29T01:30"),  # skipped: 03:30 there
        ("Europe/Berlin", "02:30", "2026-10-24T12:00", "2026-10-25T00:30"),  # twice: the first
        ("Europe/Berlin", "02:30", "2026-10-25T00:31", "2026-10-26T01:30"),
        ("America/New_York", "09:00", "2026-03-08T00:00", "2026-03-08T13:00"),
        ("Asia/Kolkata", "09:00", "2026-06-01T00:00", "2026-06-01T03:30"),
        ("Pacific/Kiritimati", "09:00", "2026-06-01T00:00", "2026-06-01T19:00"),
        ("Pacific/Apia", "09:00", "2011-12-29T20:00", "2011-12-30T19:00"),  # a day it never had
    ],
)
def test_the_hour_is_that_of_the_clock_on_the_wall(zone, at, start, expected):
    found = waves.moment(
        ZoneInfo(zone),
        at=time.fromisoformat(at),
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
    )

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("value", ['{"DE": "Europe/Nowhere"}', '["DE"]', "{", '{"DE": 1}', '{"DE": "../x"}'])  # fmt: skip
def test_a_setting_of_time_zones_that_makes_no_sense_is_refused(monkeypatch, value):
    monkeypatch.setenv("GEO_TIME_ZONES", value)
    with pytest.raises(environment.BadSetting, match="GEO_TIME_ZONES"):
        environment.time_zones("GEO_TIME_ZONES")


@pytest.fixture
def world(db, settings, now):
    """Zones chosen so that the hours of all four lie ahead, each three hours after the other."""
    settings.GEO_TIME_ZONES = {"DE": "Europe/Berlin", "IN": "Asia/Kolkata"}
    settings.FAN_OUT_BATCH = 1
    return {
        "berlin": employee("berlin", "E1", geo="DE"),
        "also": employee("also", "E2", geo="US", time_zone="Europe/Berlin"),
        "delhi": employee("delhi", "E3", geo="IN"),
        "utc": employee("utc", "E4", geo="Atlantis"),
        "odd": employee("odd", "E5", geo="IN", time_zone="Mars/Olympus"),
    }


START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)


def test_zones_whose_hour_comes_together_are_one_wave_and_an_unknown_zone_is_the_geos(world):
    people = Employee.objects.all()
    moments = waves.plan(people, at=NINE, start=START)
    by_wave = [
        set(waves.of(people, wave_at=moment, at=NINE, start=START).values_list(
            "user_name", flat=True)) for moment in moments
    ]  # fmt: skip

    assert [moment.time().isoformat("minutes") for moment in moments] == ["03:30", "07:00", "09:00"]
    assert by_wave == [{"delhi", "odd"}, {"berlin", "also"}, {"utc"}]


@pytest.fixture
def notice(accept, world, phone, now):
    """A notice in waves, planned; each of the world has a phone."""
    for person in world.values():
        phone(person)
    made = accept(kind="notice", audience=EVERYBODY, waves=AT_NINE)
    work()
    return made


def come(number):
    """Let the first `number` waves that are left come due; how many pushes that makes."""
    ids = Errand.objects.filter(kind="fan_out").order_by("moment").values_list("id", flat=True)
    Errand.objects.filter(id__in=list(ids[:number])).update(due_at=clock.now())
    work()


def test_nobody_has_it_before_their_hour_and_each_gets_it_once(notice, world, provider):
    planned = Errand.objects.filter(kind="fan_out").order_by("moment")
    assert len(planned) in (3, 2)  # where "now" is between, the waves come in another order
    assert all(errand.due_at == errand.moment > clock.now() for errand in planned)
    assert not Recipient.objects.exists()

    come(1)
    first = set(Recipient.objects.values_list("employee__user_name", flat=True))
    assert first in ({"delhi", "odd"}, {"berlin", "also"}, {"utc"})
    notice.refresh_from_db()
    assert notice.fanned_out_at is None
    come(5)
    notice.refresh_from_db()
    assert notice.fanned_out_at is not None
    assert notice.recipient_count == Recipient.objects.count() == 5
    assert set(shown(provider).values()) == {1}
    assert len(shown(provider)) == 5
    assert not Errand.objects.exists()


def test_waves_that_come_due_together_after_a_stop_still_reach_each_phone_once(
    notice, provider, settings
):
    settings.FAN_OUT_BATCH = 2000
    Errand.objects.update(due_at=clock.now())
    for _ in range(3):  # all fan-outs first, so that the ranges of their pushes overlap
        claimed = errands.claim(queue=queues.BULK, limit=9, weight=10**9, now=clock.now())
        for errand in claimed:
            if errand.kind == Errand.Kind.FAN_OUT:
                drain.attempt(errand, drain.STEPS[errand.kind])
    Errand.objects.update(lease_until=None, lease_token=None)
    work()

    assert set(shown(provider).values()) == {1}
    assert len(shown(provider)) == 5


def test_who_moves_between_the_waves_is_not_missed(notice, world, provider):
    come(1)
    reached = set(Recipient.objects.values_list("employee_id", flat=True))
    for person in world.values():
        if person.id not in reached:  # to a clock whose hour has passed
            Employee.objects.filter(id=person.id).update(
                geo=Employee.objects.get(id=next(iter(reached))).geo, time_zone=""
            )
    come(5)

    assert Recipient.objects.count() == 5


def test_a_notice_that_is_withdrawn_between_the_waves_reaches_no_further_wave(
    notice, caller, provider
):
    come(1)
    before = Recipient.objects.count()
    withdrawal.by_subsystem(caller=caller, notification_id=notice.id, reason="No.", now=clock.now())
    come(5)

    assert Recipient.objects.count() == before
    assert not Errand.objects.filter(kind="fan_out").exists()


def test_it_may_not_expire_before_the_last_wave(accept, alice, now):
    with pytest.raises(errors.Invalid) as refusal:
        accept(alice, kind="notice", waves=AT_NINE, expires_at=now + timedelta(hours=25))
    assert refusal.value.errors[0].pointer == "/expires_at"
    assert refusal.value.errors[0].code == "before_last_wave"
    accept(alice, kind="notice", waves=AT_NINE, expires_at=now + timedelta(hours=26))


def test_nobody_left_in_the_audience_ends_the_waves_all_the_same(accept, alice, provider, now):
    made = accept(alice, kind="notice", waves=AT_NINE)
    Employee.objects.update(disabled_at=now)
    work()
    come(5)

    made.refresh_from_db()
    assert made.fanned_out_at is not None
    assert shown(provider) == Counter()
