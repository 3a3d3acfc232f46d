"""The ledger says how far each event came, and an event is told again when somebody says so."""

import io
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, Subsystem
from hub.lib import errors
from notifications.callbacks import ledger, replay
from notifications.models import CallbackEvent
from tests.notifications.acting import answer, work

pytestmark = pytest.mark.django_db


def test_an_event_shows_its_tries_the_last_status_and_the_next_one(
    endpoint, make_request, emit, alice, caller
):
    endpoint.answers = [401, 200]
    event = emit(make_request(alice, reference="EXP-1"))
    [entry] = ledger.page(caller=caller).entries
    assert (entry["state"], entry["attempts"], entry["last_try"]) == ("pending", 0, None)
    work()

    [entry] = ledger.page(caller=caller).entries
    assert entry["id"] == str(event.id)
    assert (entry["state"], entry["attempts"], entry["reference"]) == ("pending", 1, "EXP-1")
    assert (entry["last_try"]["status"], entry["last_try"]["failure"]) == (401, "")
    assert entry["next_try_at"] > entry["last_try"]["at"]


def test_events_are_found_by_state_type_and_notification_page_by_page(
    endpoint, make_request, emit, alice, caller
):
    first, second = make_request(alice), make_request(alice)
    made = [str(emit(first).id), str(emit(first, "decision.made").id), str(emit(second).id)]

    def found(**by):
        return [entry["id"] for entry in ledger.page(caller=caller, **by).entries]

    assert found() == made[::-1]
    assert found(state="pending") == made[::-1], "waiting for its turn is pending, too"
    assert found(state="dead") == []
    assert found(type_="decision.made") == [made[1]]
    assert found(notification=first.id) == [made[1], made[0]]
    page = ledger.page(caller=caller, page_size=2)
    assert [e["id"] for e in ledger.page(caller=caller, after=page.after).entries] == [made[0]]


def test_a_stranger_sees_and_replays_nothing(
    endpoint, make_request, emit, alice, caller, rosters, now
):
    event = emit(make_request(alice))
    for stranger in (replace(caller, subsystem_id=rosters.pk), replace(caller, mode="test")):
        assert ledger.page(caller=stranger).entries == []
        with pytest.raises(errors.NotFound):
            replay.by_subsystem(caller=stranger, event_id=event.id, now=now)


@pytest.fixture
def dead(endpoint, accept, alice, provider, settings):
    settings.CALLBACK_WAITS_SECONDS = []
    settings.CALLBACK_BREAKER_FAILURES = 100
    endpoint.answers = [503]
    request = accept(alice)
    work()
    answer(alice, request)
    work()
    endpoint.answers = [200]
    event = CallbackEvent.objects.get()
    assert (event.state, request.decision.outcome) == ("dead", "undeliverable")
    return event


def test_a_dead_event_is_told_again_under_its_own_id_and_the_person_sees_it(
    dead, endpoint, caller, now
):
    entry = replay.by_subsystem(caller=caller, event_id=dead.id, now=now)
    assert entry["state"] == "pending"
    dead.notification.decision.refresh_from_db()
    assert dead.notification.decision.outcome == "recorded"
    work()

    assert set(endpoint.ids()) == {str(dead.id)}
    dead.notification.decision.refresh_from_db()
    assert dead.notification.decision.outcome == "confirmed"
    noted = AuditEvent.objects.get(action="callback_replayed")
    assert noted.actor_kind == "subsystem"


def test_an_event_that_was_told_can_be_told_again_and_the_outcome_stays(
    dead, endpoint, caller, now
):
    replay.by_subsystem(caller=caller, event_id=dead.id, now=now)
    work()
    endpoint.answers = [(409, {"message": "Twice?"})]
    replay.by_subsystem(caller=caller, event_id=dead.id, now=now)
    work()

    assert endpoint.ids() == [str(dead.id)] * 3
    dead.notification.decision.refresh_from_db()
    assert dead.notification.decision.outcome == "confirmed"


def test_one_that_is_being_told_is_left_alone(endpoint, make_request, emit, alice, caller, now):
    event = emit(make_request(alice))
    replay.by_subsystem(caller=caller, event_id=event.id, now=now)
    work()

    assert endpoint.ids() == [str(event.id)]


def test_without_an_address_there_is_nowhere_to_tell_it(dead, caller, now, payroll):
    Subsystem.objects.filter(pk=payroll.pk).update(callback_off_at=now)
    with pytest.raises(replay.NowhereToTell):
        replay.by_subsystem(caller=caller, event_id=dead.id, now=now)
    Subsystem.objects.filter(pk=payroll.pk).update(callback_off_at=None, callback_url="")
    with pytest.raises(replay.NowhereToTell):
        replay.by_subsystem(caller=caller, event_id=dead.id, now=now)


def test_an_event_from_before_there_was_an_address_can_be_told(
    make_request, emit, alice, caller, now, make_endpoint, payroll
):
    kept = emit(make_request(alice))
    assert ledger.one(caller=caller, event_id=kept.id)["state"] == "kept"
    endpoint = make_endpoint(payroll)
    replay.by_subsystem(caller=caller, event_id=kept.id, now=now)
    work()

    assert endpoint.ids() == [str(kept.id)]


def test_the_command_tells_all_dead_events_of_a_sub_system_again(dead, endpoint, now):
    out = io.StringIO()
    call_command("replay_callbacks", "--subsystem", "payroll", "--since", "2099-01-01", stdout=out)
    assert "0 dead" in out.getvalue()
    call_command("replay_callbacks", "--subsystem", "payroll", stdout=out)
    work()

    assert "1 dead" in out.getvalue()
    dead.refresh_from_db()
    assert dead.state == "done"
    with pytest.raises(CommandError, match="no such sub-system"):
        call_command("replay_callbacks", "--subsystem", "nobody")
