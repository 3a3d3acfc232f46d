"""While nobody answers: reminders ring once, seats pass to who can answer, all on the record."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest

from accounts.models import AuditEvent, Employee, Group, GroupMember
from hub.lib import clock, errors
from notifications import acknowledgements, drain, editing, inbox, queues, reports
from notifications.approvals import delegation, refusals
from notifications.escalation import prompts
from notifications.models import (
    Calendar,
    Category,
    Decision,
    Delivery,
    Errand,
    Notification,
    Prompt,
    Seat,
)
from tests.conftest import employee
from tests.notifications.acting import answer, cleared, shown, work

pytestmark = pytest.mark.django_db

REMIND, MANAGER = {"after": "P1D", "do": "remind"}, {"after": "P2D", "do": "manager"}
GROUP = {"after": "P3D", "do": "group", "group": "Approvers"}


@pytest.fixture(autouse=True)
def _always_at_work(db):
    Calendar.objects.create(geo="", week_days=[0, 1, 2, 3, 4, 5, 6])


@pytest.fixture
def boss(dana):
    """The manager of dana, who is the manager of alice and bob."""
    made = employee("erin", "E0900")
    Employee.objects.filter(id=dana.id).update(manager=made)
    return made


@pytest.fixture
def approvers(now):
    """A group of the directory."""

    def make(*people):
        group, _ = Group.objects.get_or_create(
            name="Approvers", defaults={"object_guid": uuid.uuid4(), "seen_in_directory_at": now}
        )
        for person in people:
            GroupMember.objects.create(group=group, employee=person)

    return make


def later(notification, **time):
    """Let so much time pass, for this notification."""
    row = Notification.objects.get(id=notification.id)
    gone = timedelta(**time)
    changed = {"created_at": row.created_at - gone}
    for name in ("due_at", "step_opened_at"):
        if getattr(row, name) is not None:
            changed[name] = getattr(row, name) - gone
    Notification.objects.filter(id=row.id).update(**changed)
    Errand.objects.filter(notification=row, kind="escalate").update(due_at=clock.now())
    work()


def holders(notification):
    seats = Seat.objects.filter(notification=notification).order_by("principal__employee_id")
    return [seat.holder.user_name for seat in seats]


def waits(person):
    return inbox.counts(employee_id=person.id)["waiting"]


def test_nothing_happens_before_its_time(accept, alice, phone, provider):
    phone(alice)
    request = accept(alice, escalation=[REMIND])
    work()
    later(request, hours=23)

    assert sum(shown(provider).values()) == 1
    [errand] = Errand.objects.filter(kind="escalate")
    assert errand.attempts == 0
    assert timedelta(minutes=59) < errand.due_at - clock.now() <= timedelta(hours=1)


def test_a_reminder_rings_once_on_every_phone_of_those_who_have_not_answered(
    accept, alice, bob, phone, provider
):
    phones = [phone(alice), phone(alice)]
    phone(bob)
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[REMIND])
    work()
    answer(bob, request)
    work()
    provider.sent.clear()
    later(request, days=1)
    later(request, hours=1)

    assert shown(provider) == Counter(each.push_address for each in phones)
    assert Delivery.objects.filter(purpose="remind1", state="sent").count() == 2
    [told] = reports.full(request)["prompts"]
    assert (told["do"], told["reached"], bool(told["done_at"])) == ("remind", 1, True)
    assert AuditEvent.objects.get(action="prompted").data == {"do": "remind", "round": 1}
    assert not Errand.objects.filter(kind="escalate").exists()


def test_who_stands_in_for_somebody_who_has_not_answered_is_reminded_too(
    accept, alice, bob, charlie, dana, phone, provider
):
    phones = [phone(person).push_address for person in (alice, bob, charlie)]
    request = accept(alice, dana, policy={"mode": "all"}, escalation=[REMIND])
    for principal, delegate in ((alice, bob), (dana, charlie)):
        delegation.give(
            principal_id=principal.id,
            wish=delegation.Wish(delegate.employee_id, None, clock.now() + timedelta(days=2)),
            now=clock.now(),
        )
    work()
    answer(dana, request)
    work()
    provider.sent.clear()
    later(request, days=1)

    assert shown(provider) == Counter(phones[:2])


def test_who_answers_while_the_reminder_is_on_its_way_is_left_alone(
    accept, alice, bob, phone, provider
):
    phone(alice)
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[REMIND])
    work()
    provider.sent.clear()
    Notification.objects.filter(id=request.id).update(created_at=clock.now() - timedelta(days=1))
    Errand.objects.filter(kind="escalate").update(due_at=clock.now())
    drain.drain(queue=queues.MAINTENANCE)  # the mark is set, the push waits
    answer(alice, request)
    work()

    assert shown(provider) == Counter()


def test_people_are_reminded_before_it_is_due(accept, alice, phone, provider, now):
    address = phone(alice).push_address
    request = accept(alice, due_at=now + timedelta(days=5))
    work()
    provider.sent.clear()
    later(request, days=3)
    assert shown(provider) == Counter()
    later(request, days=1)
    assert shown(provider) == Counter([address])


def test_a_closed_request_reminds_nobody(accept, alice, phone, provider):
    phone(alice)
    request = accept(alice, escalation=[REMIND, MANAGER])
    work()
    answer(alice, request)
    work()
    provider.sent.clear()
    later(request, days=9)

    assert shown(provider) == Counter()
    assert not Prompt.objects.exists()
    assert not Errand.objects.filter(kind="escalate").exists()


def test_what_must_be_confirmed_reminds_those_who_have_not(
    accept, alice, bob, dana, phone, provider, settings
):
    settings.FAN_OUT_BATCH, settings.SEATS_AT_MOST = 1, 1
    phones = {person: phone(person).push_address for person in (alice, bob, dana)}
    policy = accept(
        kind="acknowledgement",
        audience={"any": [{"department": "Finance"}]},
        escalation=[REMIND, {"after": "P2D", "do": "remind"}],
    )
    work()
    acknowledgements.acknowledge(
        employee_id=bob.id, notification_id=policy.id, version=1, now=clock.now()
    )
    work()
    provider.sent.clear()
    later(policy, days=1)
    assert shown(provider) == Counter([phones[alice], phones[dana]])
    later(policy, days=1)

    assert shown(provider) == Counter([phones[alice], phones[dana]] * 2)
    assert [told["reached"] for told in reports.full(policy)["prompts"]] == [2, 2]


def test_the_seat_passes_to_the_manager_who_is_rung_and_decides(
    accept, alice, dana, phone, provider
):
    old, new = phone(alice).push_address, phone(dana).push_address
    request = accept(alice, escalation=[MANAGER])
    work()
    provider.sent.clear()
    later(request, days=2)

    assert shown(provider) == Counter([new])
    assert cleared(provider) == Counter([old])
    seat = Seat.objects.get()
    assert (seat.holder, seat.principal, seat.source) == (dana, alice, "escalation")
    assert (waits(alice), waits(dana)) == (0, 1)
    assert inbox.item(employee_id=alice.id, notification_id=request.id)["actions"] == []
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(alice, request)
    answer(dana, request)
    assert Decision.objects.get().response.actor == dana
    moved = AuditEvent.objects.get(action="seat_passed_on").data
    assert (moved["from"], moved["to"], moved["why"]) == (str(alice.id), str(dana.id), "no_answer")
    request.refresh_from_db()
    assert request.recipient_count == 2


def test_who_has_answered_keeps_the_seat(accept, alice, bob, dana, provider):
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[MANAGER])
    work()
    answer(alice, request)
    later(request, days=2)

    assert holders(request) == ["alice", "dana"]


def test_a_manager_who_has_left_is_passed_over(accept, alice, dana, boss, provider, now):
    request = accept(alice, escalation=[MANAGER])
    Employee.objects.filter(id=dana.id).update(disabled_at=now)
    later(request, days=2)

    assert holders(request) == ["erin"]


def test_the_requester_never_gets_the_seat(accept, alice, dana, boss, provider):
    request = accept(alice, requester="E1000", escalation=[MANAGER])
    later(request, days=2)

    assert holders(request) == ["erin"]


def test_a_manager_who_holds_a_seat_already_gets_no_second_one(accept, alice, dana, boss, provider):
    request = accept(alice, dana, policy={"mode": "all"}, escalation=[MANAGER])
    work()
    answer(dana, request)
    later(request, days=2)

    assert Seat.objects.get(principal=alice).holder == boss
    assert Seat.objects.get(principal=dana).holder == dana


def test_two_people_of_one_manager_pass_to_two_people(accept, alice, bob, dana, boss, provider):
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[MANAGER])
    later(request, days=2)

    assert sorted(holders(request)) == ["dana", "erin"]


def test_managers_in_a_circle_end(accept, alice, dana, provider):
    Employee.objects.filter(id=dana.id).update(manager=alice)
    request = accept(alice, escalation=[MANAGER, {"after": "P3D", "do": "manager"}])
    later(request, days=2)
    assert holders(request) == ["dana"]
    later(request, days=1)

    assert holders(request) == ["dana"]  # alice is in the step already
    assert not Errand.objects.filter(kind="escalate").exists()


def test_without_a_manager_the_seat_stays_or_goes_to_the_fallback_group(
    accept, charlie, bob, approvers, provider
):
    stays = accept(charlie, escalation=[MANAGER])
    later(stays, days=2)
    assert holders(stays) == ["charlie"]
    assert [told["reached"] for told in reports.full(stays)["prompts"]] == [0]

    approvers(bob)
    Category.objects.update(fallback_group="approvers")
    goes = accept(charlie, escalation=[MANAGER])
    later(goes, days=2)
    assert holders(goes) == ["bob"]


def test_of_a_group_each_answers_beside_the_others_where_one_is_enough(
    accept, alice, bob, charlie, dana, approvers, phone, provider
):
    approvers(bob, charlie, dana, alice)
    ring = {phone(person).push_address for person in (bob, charlie)}
    request = accept(alice, requester="E1000", escalation=[GROUP])
    work()
    later(request, days=3)

    assert sorted(holders(request)) == ["alice", "bob", "charlie"]  # dana asks
    assert set(shown(provider)) == ring
    assert (waits(bob), waits(charlie), waits(alice)) == (1, 1, 1)
    answer(charlie, request)
    assert Decision.objects.get().response.actor == charlie


def test_of_a_group_one_answers_instead_where_all_must(
    accept, alice, bob, charlie, dana, approvers, provider
):
    approvers(charlie, dana)
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[GROUP])
    work()
    answer(bob, request)
    later(request, days=3)

    assert Seat.objects.count() == 2
    assert Seat.objects.get(principal=alice).holder in {charlie, dana}
    assert Seat.objects.get(principal=bob).holder == bob


def test_a_request_never_has_more_seats_than_it_may(
    accept, alice, bob, charlie, dana, approvers, provider, settings
):
    approvers(bob, charlie, dana)
    request = accept(alice, escalation=[GROUP])
    work()
    settings.SEATS_AT_MOST = 3
    later(request, days=3)

    assert Seat.objects.filter(notification=request).count() == 3
    assert not Errand.objects.filter(kind="escalate").exists()


def test_the_later_step_of_a_sequence_counts_from_its_opening(accept, alice, bob, dana, provider):
    steps = [
        {"mode": "any", "audience": {"any": [{"employees": ["E1001"]}]}},
        {"mode": "any", "audience": {"any": [{"employees": ["E1002"]}]}},
    ]
    request = accept(audience={}, policy={"mode": "sequence", "steps": steps}, escalation=[MANAGER])
    work()
    later(request, days=1)
    answer(alice, request)
    later(request, days=1, hours=12)  # two days and a half after it was sent
    assert Seat.objects.get(step=1).holder == bob
    later(request, hours=12)

    assert Seat.objects.get(step=1).holder == dana
    assert Seat.objects.get(step=0).holder == alice
    answer(dana, request)
    assert Decision.objects.get().effect == "approve"
    assert [told["step"] for told in reports.full(request)["prompts"]] == [2]


def test_the_category_says_what_happens_where_a_request_does_not(accept, alice, bob, dana):
    Category.objects.update(escalation=[REMIND, MANAGER], on_expiry="reject")
    ends = clock.now() + timedelta(days=9)
    request = accept(alice, expires_at=ends)
    own = accept(alice, escalation=[])
    notice = accept(alice, kind="notice")
    policy = accept(alice, kind="acknowledgement")

    assert (request.escalation, request.on_expiry) == ([REMIND, MANAGER], "reject")
    assert (own.escalation, own.on_expiry) == ([], "none")
    assert (notice.escalation, policy.escalation) == ([], [REMIND])
    kinds = Errand.objects.filter(kind="escalate").values_list("notification", flat=True)
    assert set(kinds) == {request.id, policy.id}


def test_a_reminder_waits_for_the_recipient_s_working_time_and_an_urgent_one_does_not(
    accept, alice, charlie, phone, provider, settings
):
    # alice's geo works today only, charlie's on the other days.
    today = clock.now().weekday()
    Calendar.objects.create(geo="DE", week_days=[today])
    Calendar.objects.create(geo="IN", week_days=[day for day in range(7) if day != today])
    phones = {person: phone(person).push_address for person in (alice, charlie)}
    request = accept(alice, charlie, escalation=[REMIND])
    urgent = accept(alice, charlie, escalation=[REMIND], priority="urgent")
    work()
    provider.sent.clear()
    later(request, days=1)
    assert shown(provider) == Counter([phones[alice]])
    [prompt] = Prompt.objects.all()
    assert (prompt.reached, prompt.done_at) == (1, None)
    [errand] = Errand.objects.filter(kind="escalate", notification=request)
    assert errand.due_at.date() == clock.now().date() + timedelta(days=1)

    Calendar.objects.filter(geo="IN").update(week_days=[0, 1, 2, 3, 4, 5, 6])
    later(request, days=1)
    assert shown(provider) == Counter(phones.values())
    prompt.refresh_from_db()
    assert (prompt.reached, bool(prompt.done_at)) == (2, True)
    provider.sent.clear()
    Calendar.objects.filter(geo="IN").update(week_days=[(today + 2) % 7])
    later(urgent, days=1)
    assert shown(provider) == Counter(phones.values())


def test_a_seat_waits_for_the_working_time_of_who_is_to_get_it(accept, alice, dana, provider):
    today = clock.now().weekday()
    Calendar.objects.create(geo="DE", week_days=[(today + 1) % 7])
    request = accept(alice, escalation=[MANAGER])
    work()
    later(request, days=2)
    assert holders(request) == ["alice"]

    Calendar.objects.filter(geo="DE").update(week_days=[today])
    later(request, hours=1)
    assert holders(request) == ["dana"]


def test_the_name_of_a_reminder_fits_its_column():
    assert prompts.purpose(Prompt(round=99)) == "remind99"
    assert len(prompts.purpose(Prompt(round=100))) <= 8


def test_an_edit_moves_the_reminder_with_the_due_time_and_starts_no_clock_anew(
    accept, alice, caller, phone, provider, now
):
    phone(alice)
    request = accept(alice, due_at=now + timedelta(days=9), escalation=[MANAGER])
    work()
    later(request, days=1)
    edit = editing.Edit(version=1, changes={"due_at": now + timedelta(days=1)})
    editing.by_subsystem(caller=caller, notification_id=request.id, edit=edit, now=clock.now())
    work()
    [errand] = Errand.objects.filter(kind="escalate")
    assert errand.due_at < clock.now() + timedelta(days=1)

    later(request, days=1)
    assert [told["do"] for told in reports.full(request)["prompts"]] == ["remind", "manager"]


def changed(request, caller, version=1):
    """The sender's edit of it."""
    edit = editing.Edit(version=version, changes={"title": f"Title {version + 1}"})
    editing.by_subsystem(caller=caller, notification_id=request.id, edit=edit, now=clock.now())
    work()


def test_whose_answer_an_edit_voids_is_reminded_and_passed_on_again(
    accept, alice, bob, dana, boss, caller, phone, provider
):
    addresses = [phone(person).push_address for person in (alice, bob)]
    request = accept(alice, bob, policy={"mode": "all"}, escalation=[REMIND, MANAGER])
    work()
    answer(alice, request)
    changed(request, caller)
    provider.sent.clear()
    later(request, days=1)
    assert shown(provider) == dict.fromkeys(addresses, 1)
    assert Errand.objects.filter(kind="escalate").count() == 1

    later(request, days=1)
    assert Counter(holders(request)) == Counter(["dana", "erin"])
    changed(request, caller, version=2)
    later(request, days=9)
    assert Counter(holders(request)) == Counter(["dana", "erin"])
    answer(dana, request, version=3)
    answer(boss, request, version=3)
    assert Decision.objects.get().effect == "approve"


def test_an_edit_that_goes_back_to_the_first_step_gives_its_people_their_time_again(
    accept, alice, bob, dana, caller, provider
):
    steps = [
        {"mode": "any", "audience": {"any": [{"employees": ["E1001"]}]}},
        {"mode": "any", "audience": {"any": [{"employees": ["E1002"]}]}},
    ]
    request = accept(audience={}, policy={"mode": "sequence", "steps": steps}, escalation=[MANAGER])
    work()
    answer(alice, request)
    later(request, days=1)
    Notification.objects.filter(id=request.id).update(created_at=clock.now() - timedelta(days=9))
    changed(request, caller)
    assert Seat.objects.get(step=0).holder == alice

    later(request, days=1)
    changed(request, caller, version=2)  # which starts no clock anew
    later(request, days=1)
    assert Seat.objects.get(step=0).holder == dana
    assert Seat.objects.get(step=1).holder == bob


def test_a_survey_reminds_who_has_not_answered_if_the_sender_wants_it_and_passes_nothing_on(
    accept, alice, bob, dana, approvers, phone, provider
):
    Category.objects.update(escalation=[REMIND, MANAGER, GROUP], fallback_group="Approvers")
    approvers(dana)
    addresses = {person: phone(person).push_address for person in (alice, bob)}
    asked = {
        "audience": {"any": [{"employees": ["E1001", "E1002"]}]},
        "policy": {"mode": "collect"},
    }
    request = accept(**asked)
    quiet = accept(**asked, escalation=[])
    assert request.escalation == [REMIND]
    for step in (MANAGER, GROUP):
        with pytest.raises(errors.Invalid) as refusal:
            accept(**asked, escalation=[step])
        assert refusal.value.errors[0].code == "nobody_decides"
    work()
    answer(alice, request)
    provider.sent.clear()
    for _ in range(4):
        later(request, days=1)
        later(quiet, days=1)

    assert shown(provider) == {addresses[bob]: 1}
    assert holders(request) == holders(quiet) == ["alice", "bob"]
