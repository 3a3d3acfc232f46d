"""Requests that go from step to step: who sees and answers what, and when."""

from datetime import timedelta

import pytest

from hub.lib import clock, errors
from notifications import inbox, ingest
from notifications.approvals import refusals, respond, steps
from notifications.models import CallbackEvent, Decision, Errand, Recipient, Response, Seat
from tests.notifications.acting import cleared, shown, work

pytestmark = pytest.mark.django_db


def people(*named):
    return {"any": [{"employees": [person.employee_id for person in named]}]}


@pytest.fixture
def ask(accept):
    def make(*asked, **more):
        """A sequence: each step a tuple of people, or a rule with its people."""
        rules = [one if isinstance(one, dict) else {"mode": "any", "people": one} for one in asked]
        policy = {
            "mode": "sequence",
            "steps": [
                {name: value for name, value in rule.items() if name != "people"}
                | {"audience": people(*rule["people"])}
                for rule in rules
            ],
        }
        return accept(audience={}, policy=policy, **more)

    return make


def answer(person, request, verb="approve", *, step=None, comment="Because."):
    given = respond.Answer(verb=verb, version=1, comment=comment, step=step)
    return respond.respond(
        employee_id=person.id, notification_id=request.id, answer=given, now=clock.now()
    )


def waiting(person):
    return [item["id"] for item in inbox.page(employee_id=person.id, state="waiting").entries]


def test_a_later_step_sees_the_request_and_is_pushed_when_its_step_opens(
    ask, alice, bob, phone, provider
):
    devices = {person: phone(person).push_address for person in (alice, bob)}
    request = ask((alice,), (bob,))
    work()

    assert request.recipient_count == 1
    assert set(shown(provider)) == {devices[alice]}
    with pytest.raises(errors.NotFound):
        inbox.item(employee_id=bob.id, notification_id=request.id)
    with pytest.raises(errors.NotFound):
        answer(bob, request)
    opened_at = clock.now()
    item = answer(alice, request)

    assert (item["state"], item["progress"]) == ("open", {"step": 2, "steps": 2})
    assert not item["waiting_for_you"]
    item = inbox.item(employee_id=bob.id, notification_id=request.id)
    assert item["waiting_for_you"]
    assert waiting(alice) == []
    assert waiting(bob) == [str(request.id)]
    assert inbox.counts(employee_id=bob.id)["waiting"] == 1
    assert Recipient.objects.get(employee=bob).arrived_at >= opened_at
    work()
    assert shown(provider) == {devices[alice]: 1, devices[bob]: 1}
    request.refresh_from_db()
    assert (request.step, request.recipient_count) == (1, 2)


def test_the_last_step_decides_and_the_sub_system_follows_each(ask, alice, bob, charlie, provider):
    request = ask({"mode": "all", "people": (alice, bob)}, (charlie,))
    answer(alice, request)
    answer(bob, request)
    item = answer(charlie, request)

    assert item["decision"]["effect"] == "approve"
    assert item["decision"]["by_you"]
    told = [(e.type, e.body["data"].get("progress"), e.body["data"].get("step"))
            for e in CallbackEvent.objects.order_by("sequence")]  # fmt: skip
    assert told == [
        ("response.recorded", {"step": 1, "steps": 2}, 1),
        ("response.recorded", {"step": 2, "steps": 2}, 1),
        ("decision.made", None, None),
    ]


def test_a_rejection_in_any_step_ends_it_and_later_steps_never_hear_of_it(
    ask, alice, bob, provider
):
    request = ask((alice,), (bob,))
    assert answer(alice, request, "reject")["decision"]["effect"] == "reject"

    assert not Recipient.objects.filter(employee=bob).exists()
    assert waiting(bob) == []


def test_a_rejection_that_does_not_end_its_step_counts_as_an_approval_less(
    ask, alice, bob, charlie, provider
):
    first = {"mode": "quorum", "n": 1, "reject_ends": False, "people": (alice, bob)}
    request = ask(first, (charlie,))
    assert answer(alice, request, "reject")["state"] == "open"
    assert answer(bob, request)["progress"] == {"step": 2, "steps": 2}
    assert answer(charlie, request)["state"] == "decided"


def test_who_was_not_needed_in_their_step_is_told_that_it_is_over(
    ask, alice, bob, charlie, provider
):
    request = ask((alice, bob), (charlie,))
    answer(alice, request)

    with pytest.raises(refusals.StepOver) as late:
        answer(bob, request)
    assert late.value.data == {"progress": {"step": 2, "steps": 2}}
    assert waiting(bob) == []
    with pytest.raises(refusals.AlreadyAnswered):
        answer(alice, request, "reject")


def test_who_is_asked_again_in_a_later_step_is_pushed_again(ask, alice, bob, phone, provider):
    device = phone(alice).push_address
    request = ask((alice,), (bob,), (alice,))
    work()
    answer(alice, request, step=1)
    work()
    answer(bob, request, step=2)
    work()

    assert shown(provider) == {device: 2}
    answer(alice, request, step=3)
    work()
    assert cleared(provider) == {device: 1}


def test_one_person_in_two_steps_answers_twice_and_never_by_a_repeat(ask, alice, bob, provider):
    request = ask((alice,), (bob,), (alice,))
    answer(alice, request)
    inbox.mark(
        employee_id=alice.id, notification_ids=[request.id], mark="archived", now=clock.now()
    )
    answer(alice, request)  # the reply was lost
    answer(bob, request)

    assert waiting(alice) == [str(request.id)]
    assert [item["id"] for item in inbox.page(employee_id=alice.id).entries] == [str(request.id)]
    with pytest.raises(errors.Invalid) as unclear:
        answer(alice, request)
    assert unclear.value.errors[0].pointer == "/step"
    assert answer(alice, request, step=1)["state"] == "open"
    assert answer(alice, request, step=3)["state"] == "decided"
    assert Response.objects.count() == 3


def test_nobody_answers_a_step_that_has_not_begun(ask, alice, bob, provider):
    request = ask((alice,), (bob,), (alice,))
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(alice, request, step=3)
    assert not Response.objects.exists()


def test_the_requester_sits_in_no_step_and_an_empty_one_is_refused_by_its_pointer(
    ask, alice, bob, provider
):
    request = ask((alice, bob), (alice, bob), requester=alice.employee_id)
    assert {seat.holder_id for seat in Seat.objects.all()} == {bob.id}
    assert Seat.objects.filter(notification=request).count() == 2

    with pytest.raises(errors.Invalid) as refused:
        ask((bob,), (alice,), requester=alice.employee_id)
    assert refused.value.errors[0].pointer == "/policy/steps/1/audience"
    assert refused.value.errors[0].code == "audience_empty"


def test_a_quorum_above_the_seats_of_its_step_is_refused_by_its_pointer(ask, alice, bob, provider):
    with pytest.raises(errors.Invalid) as refused:
        ask((bob,), {"mode": "quorum", "n": 2, "people": (alice,)})
    assert refused.value.errors[0].pointer == "/policy/steps/1/n"


def test_all_seats_together_are_limited(ask, alice, bob, charlie, provider, settings):
    settings.SEATS_AT_MOST = 2
    ask((alice,), (bob,))
    with pytest.raises(errors.Invalid) as refused:
        ask((alice,), (bob,), (charlie,))
    assert refused.value.errors[0].code == "too_many_approvers"


def test_a_scheduled_sequence_goes_to_its_first_step_alone(ask, alice, bob, phone, provider, now):
    phone(alice)
    phone(bob)
    ask((alice,), (bob,), send_at=now + timedelta(hours=1))
    Errand.objects.update(due_at=clock.now())
    work()

    assert [copy.employee_id for copy in Recipient.objects.all()] == [alice.id]
    assert sum(shown(provider).values()) == 1


def test_the_step_on_the_row_is_the_one_the_answers_come_to(ask, alice, bob, charlie, provider):
    request = ask((alice,), (bob,), (charlie,))
    for person in (alice, bob, charlie):
        request.refresh_from_db()
        assert steps.standing(request).step == request.step
        answer(person, request)
    assert Decision.objects.get().effect == "approve"


def test_an_answer_races_with_nobody_who_left(ask, alice, bob, provider, now):
    request = ask((alice,), (bob,))
    type(bob).objects.filter(id=bob.id).update(disabled_at=now)
    answer(alice, request)

    request.refresh_from_db()
    assert (request.state, request.step) == ("open", 1)
    assert not Recipient.objects.filter(employee=bob).exists()


def test_by_a_batch_sequences_and_others_are_written_alike(caller, approval, alice, bob, now):
    def draft(**more):
        card = {"title": "T", "summary": "", "body": "", "facts": [], "links": [], "actions": []}
        return ingest.Draft(category="approval", kind="request", card=card, **more)

    sequence = {"mode": "sequence", "steps": [
        {"mode": "any", "audience": people(alice)}, {"mode": "any", "audience": people(alice, bob)},
    ]}  # fmt: skip
    results = ingest.accept_all(
        [draft(audience={}, policy=sequence), draft(audience=people(alice, bob))],
        caller=caller, now=now,
    )  # fmt: skip

    assert [one.count for one in results] == [2, 2]
    assert [one.notification.recipient_count for one in results] == [1, 2]
    assert sorted(Seat.objects.values_list("step", flat=True)) == [0, 0, 0, 1, 1]
