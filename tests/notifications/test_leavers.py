"""The seat of who has left passes on at once; where nobody is left, somebody is told."""

from collections import Counter
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from accounts import audit, people
from accounts.models import AuditEvent, Employee
from hub.lib import clock
from notifications import editing, inbox, reports, tasks
from notifications.escalation import leavers
from notifications.models import Calendar, Category, Decision, Errand, Notification, Seat
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always_at_work(db):
    Calendar.objects.create(geo="", week_days=[0, 1, 2, 3, 4, 5, 6])


def leave(person):
    people.set_disabled(employee_id=person.id, reason="directory", actor=audit.HUB, now=clock.now())


def sweep():
    tasks.pass_on_seats()
    work()


def test_the_manager_answers_for_who_has_left(accept, alice, bob, dana, phone, provider):
    address = phone(dana).push_address
    request = accept(alice, bob, policy={"mode": "all"})
    work()
    leave(alice)
    sweep()

    assert Seat.objects.get(principal=alice).holder == dana
    assert shown(provider)[address] == 1
    assert inbox.counts(employee_id=dana.id)["waiting"] == 1
    answer(dana, request)
    answer(bob, request)
    assert Decision.objects.get().effect == "approve"
    [told] = reports.full(request)["prompts"]
    assert (told["do"], told["reached"]) == ("leaver", 1)
    assert AuditEvent.objects.get(action="seat_passed_on").data["why"] == "left"
    provider.sent.clear()
    sweep()
    assert shown(provider) == Counter()


def test_an_answer_that_was_given_stays_and_so_does_its_seat(accept, alice, bob, provider):
    request = accept(alice, bob, policy={"mode": "all"})
    answer(alice, request)
    leave(alice)
    sweep()

    assert Seat.objects.get(principal=alice).holder == alice


def test_nothing_of_a_closed_request_passes_on(accept, alice, bob, provider):
    request = accept(alice, bob)
    answer(bob, request)
    leave(alice)
    sweep()

    assert Seat.objects.get(principal=alice).holder == alice


def test_what_is_sent_tomorrow_is_shown_to_the_new_holder_then(
    accept, alice, dana, phone, provider, now
):
    address = phone(dana).push_address
    request = accept(alice, send_at=now + timedelta(days=1))
    leave(alice)
    sweep()
    assert Seat.objects.get().holder == dana
    assert not shown(provider)
    assert inbox.page(employee_id=dana.id).entries == []

    Errand.objects.filter(kind="fan_out").update(due_at=clock.now())
    work()
    assert shown(provider) == Counter([address])
    assert Notification.objects.get(id=request.id).state == "open"


def test_who_asks_never_answers_for_who_has_left_and_an_administrator_is_told(
    accept, alice, dana, provider
):
    request = accept(alice, requester="E1000")
    leave(alice)
    with capture_logs() as logs:
        sweep()
        sweep()

    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["seat_stranded"]
    [seat] = leavers.stranded()
    assert (seat.holder, seat.notification_id) == (alice, request.id)
    assert AuditEvent.objects.filter(action="seat_stranded").count() == 1


def test_a_stranded_seat_passes_on_as_soon_as_somebody_is_there(accept, charlie, dana, provider):
    accept(charlie)
    leave(charlie)
    sweep()
    assert leavers.stranded().count() == 1
    # Long after the sweep has stopped looking at new leavers.
    Employee.objects.filter(id=charlie.id).update(
        manager=dana, disabled_at=clock.now() - timedelta(days=30)
    )
    sweep()

    assert not leavers.stranded()
    assert Seat.objects.get().holder == dana


def test_who_comes_back_has_the_seat_again(accept, charlie, provider):
    accept(charlie)
    leave(charlie)
    sweep()
    people.set_enabled(employee_id=charlie.id, actor=audit.HUB, now=clock.now())
    sweep()

    assert not leavers.stranded()
    assert Seat.objects.get().stranded_at is None


def test_the_fallback_group_is_the_last_resort(accept, charlie, bob, provider, now):
    from accounts.models import Group, GroupMember

    group = Group.objects.create(
        name="Approvers", object_guid=bob.object_guid, seen_in_directory_at=now
    )
    GroupMember.objects.create(group=group, employee=bob)
    Category.objects.update(fallback_group="Approvers")
    accept(charlie)
    leave(charlie)
    sweep()

    assert Seat.objects.get().holder == bob


def test_the_phone_of_the_new_holder_rings_in_their_working_time(
    accept, alice, dana, phone, provider
):
    phone(dana)
    Calendar.objects.update(week_days=[(clock.now().weekday() + 1) % 7])
    accept(alice)
    work()
    leave(alice)
    sweep()

    assert Seat.objects.get().holder == dana
    assert shown(provider) == Counter()
    [errand] = Errand.objects.filter(kind="push")
    assert errand.due_at.date() == clock.now().date() + timedelta(days=1)


LONG_AGO = timedelta(days=30)  # longer than the sweep looks back


def left(person):
    leave(person)
    Employee.objects.filter(id=person.id).update(disabled_at=clock.now() - LONG_AGO)


def in_steps(accept, *people):
    steps = [
        {"mode": "any", "audience": {"any": [{"employees": [person.employee_id]}]}}
        for person in people
    ]
    return accept(audience={}, policy={"mode": "sequence", "steps": steps})


def test_a_step_whose_people_have_all_left_passes_on_as_it_opens(
    accept, alice, bob, dana, phone, provider
):
    address = phone(dana).push_address
    request = in_steps(accept, bob, alice)
    work()
    left(alice)
    answer(bob, request)
    work()

    assert Seat.objects.get(principal=alice).holder == dana
    assert shown(provider)[address] == 1
    assert inbox.counts(employee_id=dana.id)["waiting"] == 1
    assert answer(dana, request)["state"] == "decided"


def test_an_administrator_is_told_as_a_step_opens_for_which_nobody_is_left(accept, bob, charlie):
    request = in_steps(accept, bob, charlie)
    left(charlie)
    with capture_logs() as logs:
        answer(bob, request)

    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["seat_stranded"]
    assert [seat.principal for seat in leavers.stranded()] == [charlie]


def test_whose_answer_an_edit_voids_after_they_left_is_asked_by_the_manager(
    accept, alice, bob, dana, caller, phone, provider
):
    address = phone(dana).push_address
    request = accept(alice, bob, policy={"mode": "all"})
    work()
    answer(alice, request)
    left(alice)
    sweep()
    assert Seat.objects.get(principal=alice).holder == alice
    edit = editing.Edit(version=1, changes={"title": "Another title"})
    editing.by_subsystem(caller=caller, notification_id=request.id, edit=edit, now=clock.now())
    work()

    assert Seat.objects.get(principal=alice).holder == dana
    assert shown(provider)[address] == 1
    answer(dana, request, version=2)
    answer(bob, request, version=2)
    assert Decision.objects.get().effect == "approve"


def test_nobody_is_asked_for_the_opinion_of_who_has_left(accept, alice, charlie, provider):
    audience = {"any": [{"employees": ["E1001", "E1003"]}]}
    accept(audience=audience, policy={"mode": "collect"})
    leave(alice)
    leave(charlie)
    with capture_logs() as logs:
        sweep()

    assert {seat.holder for seat in Seat.objects.all()} == {alice, charlie}
    assert not [entry for entry in logs if entry["log_level"] == "error"]
    assert not leavers.stranded().exists()
