"""Callbacks on their way: in order, many at once, each endpoint within its places."""

import pytest

from accounts.models import Subsystem
from hub.lib import clock
from notifications import queues
from notifications.callbacks import claims, switchboard
from notifications.models import Breaker, CallbackAttempt, CallbackCall, CallbackEvent, Errand
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db


def state(event):
    return CallbackEvent.objects.get(pk=event.pk).state


def test_an_event_is_told_once_signed_and_written_down(endpoint, make_request, emit, alice):
    event = emit(make_request(alice))
    work()

    (said,) = endpoint.heard
    assert said.id == str(event.id)
    assert said.verified_by(endpoint.secret)
    assert state(event) == "done"
    assert CallbackAttempt.objects.get().status == 200
    assert not Errand.objects.exists()
    assert not CallbackCall.objects.exists()


def test_the_events_of_one_notification_are_told_in_their_order(
    endpoint, make_request, emit, alice
):
    request = make_request(alice)
    made = [emit(request) for _ in range(5)]

    assert [state(event) for event in made] == ["pending", *["waiting"] * 4]
    work()
    assert endpoint.sequences() == [1, 2, 3, 4, 5]
    assert {state(event) for event in made} == {"done"}


def test_a_later_event_waits_for_an_earlier_one_that_fails(
    endpoint, make_request, emit, tell, alice
):
    request = make_request(alice)
    endpoint.answers = [503, 200]
    first, second = emit(request), emit(request)
    work()

    assert endpoint.ids() == [str(first.id)]
    assert [state(first), state(second)] == ["pending", "waiting"]
    tell()
    assert endpoint.ids() == [str(first.id), str(first.id), str(second.id)]


def test_the_event_after_one_that_was_given_up_is_told(
    endpoint, make_request, emit, tell, alice, settings
):
    settings.CALLBACK_WAITS_SECONDS = []
    endpoint.answers = [503, 200]
    request = make_request(alice)
    first, second = emit(request), emit(request)
    work()

    assert [state(first), state(second)] == ["dead", "done"]


def test_many_notifications_are_told_at_once_within_the_places_of_the_endpoint(
    endpoint, make_request, emit, alice, settings
):
    settings.CALLBACK_CALLS_PER_ENDPOINT = 3
    endpoint.pause = 0.1
    for _ in range(9):
        emit(make_request(alice))
    work()

    assert len(endpoint.heard) == 9
    assert endpoint.at_once == 3


def test_connections_are_kept_between_calls(endpoint, make_request, emit, alice, settings):
    settings.CALLBACK_CALLS_PER_ENDPOINT = 1
    for _ in range(5):
        emit(make_request(alice))
    work()

    assert len({said.peer for said in endpoint.heard}) == 1


def test_the_places_of_an_endpoint_hold_over_all_workers_and_are_free_again_after_a_crash(
    endpoint, make_request, emit, alice, settings, now
):
    settings.CALLBACK_CALLS_PER_ENDPOINT = 2
    for _ in range(5):
        emit(make_request(alice))
    claims.know_senders()
    moment = clock.now()

    assert len(claims.claim(limit=10, now=moment)) == 2
    assert not claims.claim(limit=10, now=moment)  # a second worker: the endpoint is busy
    later = moment + settings.ERRAND_LEASE
    assert len(claims.claim(limit=10, now=later)) == 2  # the first one died


def test_endpoints_take_turns_and_a_paused_sub_system_is_left(
    make_endpoint, make_request, emit, payroll, rosters, news, alice, now
):
    make_endpoint(payroll), make_endpoint(rosters)
    for _ in range(3):
        emit(make_request(alice))
    theirs = emit(make_request(alice, subsystem=rosters, category=news))
    claims.know_senders()
    taken = claims.claim(limit=2, now=clock.now())
    assert {errand.subsystem_id for errand in taken} == {payroll.pk, rosters.pk}

    Errand.objects.update(lease_until=None)
    CallbackCall.objects.all().delete()
    Subsystem.objects.filter(pk=payroll.pk).update(paused_at=now)
    assert [errand.event_id for errand in claims.claim(limit=9, now=clock.now())] == [theirs.id]


def test_one_that_cannot_be_read_stops_no_other(endpoint, make_request, emit, alice):
    bad, good = emit(make_request(alice)), emit(make_request(alice))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_callbackevent SET body = 'x' WHERE id = %s", [bad.id])
    work()

    assert endpoint.ids() == [str(good.id)]
    left = Errand.objects.get(kind="call_back")
    assert (left.event_id, left.last_error) == (bad.id, "DecryptionError")
    assert not CallbackCall.objects.exists()


def test_what_is_due_while_a_call_is_under_way_is_begun_beside_it(
    endpoint, make_request, emit, alice, settings, monkeypatch
):
    settings.CALLBACK_CALLS_AT_ONCE = 1
    for _ in range(3):
        emit(make_request(alice))

    assert switchboard.drain(seconds=10) == (3, False)
    assert endpoint.at_once == 1


def test_those_that_are_well_are_called_while_a_slow_one_is_waited_for(
    make_endpoint, make_request, emit, payroll, rosters, news, alice, settings, monkeypatch
):
    slow, well = make_endpoint(payroll), make_endpoint(rosters)
    slow.pause, settings.CALLBACK_CALLS_PER_ENDPOINT = 2.5, 1
    emit(make_request(alice))
    made = [emit(make_request(alice, subsystem=rosters, category=news)) for _ in range(3)]
    well.pause = 0.6  # the second and third begin after a second

    assert switchboard.drain(seconds=1) == (4, True)
    assert sorted(well.ids()) == sorted(str(event.id) for event in made)
    assert len(slow.heard) == 1


def test_an_endpoint_that_was_switched_off_is_not_called_and_the_event_is_dead(
    endpoint, make_request, emit, payroll, alice, now
):
    Subsystem.objects.filter(pk=payroll.pk).update(callback_off_at=now)
    event = emit(make_request(alice))
    work()

    assert endpoint.heard == []
    assert state(event) == "dead"
    assert not Breaker.objects.filter(failures__gt=0).exists()


def test_callbacks_have_a_queue_of_their_own(endpoint, make_request, emit, alice):
    emit(make_request(alice))

    assert Errand.objects.get().queue == queues.CALLBACK
