"""What became of a decision: told by the answer or by a call, final once, pushed if refused."""

from datetime import timedelta

import pytest

from hub.lib import clock, errors
from notifications import changes, inbox, reports
from notifications.approvals import delegation, respond
from notifications.callbacks import outcomes
from notifications.models import Decision
from tests.notifications.acting import answer, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(accept, alice, bob, phone, provider):
    """alice approved; bob was asked, too."""
    phone(alice, "alice-phone"), phone(bob, "bob-phone")
    request = accept(alice, bob)
    work()
    answer(alice, request)
    work()
    provider.sent.clear()
    return request


@pytest.fixture
def tell_outcome(caller, now):
    def go(request, status, message="", by=caller):
        return outcomes.tell(
            caller=by, notification_id=request.id, status=status, message=message, now=now
        )

    return go


def outcome(person, request):
    decision = inbox.item(employee_id=person.id, notification_id=request.id)["decision"]
    return decision["outcome"], decision["message"]


def refusals(provider):
    return {
        push.address.value: push.wording.data
        for push in provider.sent
        if push.wording.data["type"] == "notification"
    }


@pytest.mark.parametrize("status", ["confirmed", "refused"])
def test_the_word_of_the_sub_system_shows_in_the_item_and_in_the_report(
    decided, tell_outcome, alice, bob, caller, status
):
    assert outcome(alice, decided) == ("recorded", "")
    tell_outcome(decided, status, "So it is.")

    assert outcome(alice, decided) == outcome(bob, decided) == (status, "So it is.")
    report = reports.one(caller=caller, notification_id=decided.id)
    assert (report["decision"]["outcome"], report["decision"]["message"]) == (status, "So it is.")


def test_the_same_word_again_changes_nothing_and_the_other_is_refused(decided, tell_outcome, alice):
    tell_outcome(decided, "refused", "The period is closed.")
    tell_outcome(decided, "refused", "Another sentence.")
    with pytest.raises(outcomes.OutcomeFinal) as final:
        tell_outcome(decided, "confirmed")

    assert final.value.data == {"outcome": "refused", "message": "The period is closed."}
    assert outcome(alice, decided) == ("refused", "The period is closed.")


def test_a_decision_that_could_not_be_told_may_still_be_confirmed(decided, tell_outcome, alice):
    Decision.objects.update(outcome="undeliverable")
    tell_outcome(decided, "confirmed")

    assert outcome(alice, decided) == ("confirmed", "")


def test_what_is_not_decided_has_no_outcome_and_a_stranger_finds_nothing(
    accept, alice, provider, tell_outcome, rosters, caller
):
    request = accept(alice)
    with pytest.raises(outcomes.NotDecided):
        tell_outcome(request, "confirmed")
    from dataclasses import replace

    for stranger in (replace(caller, subsystem_id=rosters.pk), replace(caller, mode="test")):
        with pytest.raises(errors.NotFound):
            tell_outcome(request, "confirmed", by=stranger)


def test_a_refusal_is_pushed_to_who_decided_and_to_nobody_else(decided, tell_outcome, provider):
    tell_outcome(decided, "refused", "The period is closed.")
    work()

    (pushed,) = refusals(provider).items()
    assert pushed[0] == "alice-phone"
    assert pushed[1]["title"] == "Payroll"
    assert pushed[1]["body"] == "Your decision could not be carried out."
    assert "period" not in str(pushed[1])


@pytest.mark.parametrize(
    ("sensitivity", "said"),
    [("public", ("Expense report", "The period is closed.")), ("restricted", (None, None))],
)
def test_the_sentence_itself_is_pushed_only_where_the_notification_is_public(
    decided, tell_outcome, provider, sensitivity, said
):
    card = decided.card
    decided.sensitivity = sensitivity
    decided.card = card
    decided.save()
    tell_outcome(decided, "refused", "The period is closed.")
    work()

    data = refusals(provider)["alice-phone"]
    assert (data.get("title"), data.get("body")) == said


def test_a_refusal_of_what_a_colleague_answered_is_told_to_both(
    accept, alice, bob, dana, phone, provider, tell_outcome, now
):
    for person in (alice, bob, dana):
        phone(person, f"{person.user_name}-phone")
    wish = delegation.Wish(bob.employee_id, None, now + timedelta(days=1))
    delegation.give(principal_id=alice.id, wish=wish, now=now)
    request = accept(alice, dana)
    respond.respond(
        employee_id=bob.id, notification_id=request.id, now=clock.now(),
        answer=respond.Answer(verb="approve", version=1, on_behalf_of=alice.employee_id),
    )  # fmt: skip
    work()
    provider.sent.clear()
    tell_outcome(request, "refused")
    work()

    assert refusals(provider).keys() == {"alice-phone", "bob-phone"}


def test_a_confirmation_is_not_pushed(decided, tell_outcome, provider):
    tell_outcome(decided, "confirmed", "Booked.")
    work()

    assert provider.sent == []


def test_all_whose_answers_made_the_decision_hear_of_its_refusal(
    accept, alice, bob, dana, phone, provider, tell_outcome
):
    for person in (alice, bob, dana):
        phone(person, person.user_name)
    request = accept(alice, bob, dana, policy={"mode": "quorum", "n": 2, "reject_ends": True})
    work()
    answer(alice, request)
    answer(bob, request)
    work()
    provider.sent.clear()
    tell_outcome(request, "refused")
    work()

    assert refusals(provider).keys() == {"alice", "bob"}


def test_a_decision_of_the_clock_that_is_refused_is_pushed_to_nobody(
    decided, tell_outcome, provider
):
    Decision.objects.update(response=None)
    tell_outcome(decided, "refused")
    work()

    assert provider.sent == []


def test_the_refusal_by_a_callback_is_pushed_too(accept, endpoint, alice, phone, provider, payroll):
    phone(alice, "alice-phone")
    endpoint.answers = [(409, {"message": "Over budget."})]
    request = accept(alice)
    work()
    answer(alice, request)
    provider.sent.clear()
    work()

    assert outcome(alice, request) == ("refused", "Over budget.")
    assert "alice-phone" in refusals(provider)


def test_a_call_that_came_before_the_callback_was_told_stands(
    accept, endpoint, alice, provider, tell_outcome
):
    request = accept(alice)
    answer(alice, request)
    tell_outcome(request, "refused", "By hand.")
    work()

    assert endpoint.ids(), "it is told all the same"
    assert outcome(alice, request) == ("refused", "By hand.")


@pytest.mark.django_db(transaction=True)
def test_the_outcome_is_in_the_feed_of_everybody_who_was_asked(decided, tell_outcome, bob):
    cursor = changes.since(employee_id=bob.id, cursor=None).cursor
    tell_outcome(decided, "confirmed", "Booked.")
    page = changes.since(employee_id=bob.id, cursor=cursor)

    assert [entry["decision"]["outcome"] for entry in page.entries] == ["confirmed"]
