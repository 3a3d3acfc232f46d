"""One endpoint that is down holds up nobody, and is found again when it is back."""

from datetime import timedelta

import pytest

from hub.lib import clock
from notifications.callbacks import breaker, claims, deliver, switchboard
from notifications.models import Breaker, CallbackEvent, Errand

pytestmark = pytest.mark.django_db


@pytest.fixture
def down(endpoint, make_request, emit, alice, settings):
    """payroll's endpoint is down, and its breaker open: ten events, not all of them tried."""
    settings.CALLBACK_BREAKER_FAILURES = 3
    settings.CALLBACK_CALLS_PER_ENDPOINT = 1
    endpoint.answers = [503]
    made = [emit(make_request(alice)) for _ in range(10)]
    work_once()
    return made


def work_once():
    switchboard.drain(seconds=15)


def probe():
    Breaker.objects.update(probe_at=clock.now())
    work_once()


def test_after_failures_in_a_row_nothing_is_called_until_a_probe_is_due(endpoint, down, payroll):
    assert len(endpoint.heard) == 3
    row = Breaker.objects.get(subsystem=payroll)
    assert row.failures == 3
    assert row.opened_at is not None
    assert timedelta(seconds=14) < row.probe_at - clock.now() < timedelta(seconds=19)
    work_once()
    assert len(endpoint.heard) == 3


def test_a_probe_is_one_call_and_each_that_fails_makes_the_next_wait_longer(
    endpoint, down, settings
):
    settings.CALLBACK_CALLS_PER_ENDPOINT = 8
    waits = []
    for number in range(1, 4):
        probe()
        assert len(endpoint.heard) == 3 + number
        waits.append(Breaker.objects.get().probe_at - clock.now())
    assert timedelta(seconds=29) < waits[0] < waits[1] < waits[2] < timedelta(seconds=150)
    assert breaker.wait(40) == timedelta(minutes=10)


def test_what_waits_behind_an_open_breaker_keeps_its_tries(down):
    untried = Errand.objects.filter(attempts=0).count()

    assert untried == 7
    assert Errand.objects.filter(lease_token__isnull=False).count() == 0


def test_the_first_answer_closes_it_and_everything_is_told_at_once(endpoint, down):
    endpoint.answers = [200]
    probe()
    work_once()

    row = Breaker.objects.get()
    assert (row.failures, row.opened_at, row.probe_at) == (0, None, None)
    assert not CallbackEvent.objects.exclude(state="done").exists()
    assert not Errand.objects.exists()


def test_an_answer_that_is_a_refusal_or_not_understood_shows_that_the_endpoint_lives(
    endpoint, make_request, emit, alice, settings
):
    settings.CALLBACK_BREAKER_FAILURES = 2
    settings.CALLBACK_CALLS_PER_ENDPOINT = 1
    endpoint.answers = [503, 404, 503, 401, 503, 301]
    for _ in range(6):
        emit(make_request(alice))
    work_once()

    assert len(endpoint.heard) == 6
    assert Breaker.objects.get().opened_at is None


def test_calls_that_were_under_way_when_it_opened_make_the_wait_no_longer(payroll, settings):
    settings.CALLBACK_BREAKER_FAILURES = 2
    began = clock.now()
    for _ in range(8):
        breaker.failed(subsystem_id=payroll.pk, began_at=began, retry_after=None, now=clock.now())

    assert Breaker.objects.get().failures == 2


def test_a_dead_endpoint_does_not_hold_up_the_other_ones(
    down, make_endpoint, make_request, emit, rosters, news, alice
):
    theirs = make_endpoint(rosters)
    made = [emit(make_request(alice, subsystem=rosters, category=news)) for _ in range(5)]
    work_once()

    assert sorted(theirs.ids()) == sorted(str(event.id) for event in made)


def test_a_failing_endpoint_gets_fewer_places_before_it_gets_none(
    endpoint, make_request, emit, alice, settings, payroll
):
    settings.CALLBACK_CALLS_PER_ENDPOINT = 8
    for _ in range(9):
        emit(make_request(alice))
    claims.know_senders()
    Breaker.objects.filter(subsystem=payroll).update(failures=2)

    assert len(claims.claim(limit=32, now=clock.now())) == 2


def test_a_retry_after_puts_the_next_probe_off_by_ten_minutes_at_most(payroll, settings):
    settings.CALLBACK_BREAKER_FAILURES = 1
    now = clock.now()
    breaker.failed(subsystem_id=payroll.pk, began_at=now, retry_after=timedelta(hours=20), now=now)

    assert Breaker.objects.get().probe_at - now == timedelta(minutes=10)


def test_what_has_waited_too_long_behind_an_open_breaker_is_given_up_untried(down, endpoint):
    Errand.objects.filter(event=down[9]).update(created_at=clock.now() - deliver.GIVEN_UP_UNTRIED)
    work_once()

    assert CallbackEvent.objects.get(pk=down[9].pk).state == "dead"
    assert CallbackEvent.objects.filter(state="pending").count() == 9
    assert len(endpoint.heard) == 3
    assert Errand.objects.count() == 9


def test_work_ends_while_a_breaker_is_open(down, endpoint):
    Errand.objects.update(due_at=clock.now())
    switchboard.drain(seconds=15)

    assert len(endpoint.heard) == 3
