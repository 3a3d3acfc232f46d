"""Asking before answering: the requester or the sub-system replies, and both stay with the item."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from hub.lib import clock, errors
from notifications import changes, inbox, questions, withdrawal
from notifications.approvals import delegation, refusals
from notifications.models import CallbackEvent, Question, Recipient
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db


def ask(person, request, to="requester", text="Which project?"):
    return questions.ask(
        employee_id=person.id, notification_id=request.id, to=to, text=text, now=clock.now()
    )


def reply(person, request, text="Atlas.", number=0):
    question = Question.objects.order_by("id")[number]
    return questions.reply(
        employee_id=person.id, notification_id=request.id, question_id=question.id, text=text,
        now=clock.now(),
    )  # fmt: skip


def reply_as(caller, request, text="It is in the attachment."):
    return questions.reply_by_subsystem(
        caller=caller, notification_id=request.id, question_id=Question.objects.get().id,
        text=text, now=clock.now(),
    )  # fmt: skip


@pytest.fixture
def request_(accept, alice, bob, charlie):
    """charlie's request to alice and bob."""
    return accept(alice, bob, requester=charlie.employee_id)


def test_the_requester_gets_the_item_replies_and_the_asker_is_pushed(
    request_, alice, bob, charlie, phone, provider
):
    devices = {person: phone(person).push_address for person in (alice, bob, charlie)}
    work()
    item = ask(alice, request_)

    assert item["waiting_for_you"]
    assert [one["text"] for one in item["thread"]] == ["Which project?"]
    item = inbox.item(employee_id=charlie.id, notification_id=request_.id)
    assert (item["waiting_for_you"], item["actions"]) == (False, [])
    assert inbox.counts(employee_id=charlie.id)["waiting"] == 0
    work()
    assert shown(provider) == dict.fromkeys(devices.values(), 1)
    item = reply(charlie, request_)
    work()

    assert item["thread"][0]["reply"]["by"]["name"] == "Charlie"
    assert shown(provider) == {devices[alice]: 2, devices[bob]: 1, devices[charlie]: 1}
    seen = inbox.item(employee_id=bob.id, notification_id=request_.id)["thread"]
    assert (seen[0]["by"]["name"], seen[0]["reply"]["text"]) == ("Alice", "Atlas.")
    assert not CallbackEvent.objects.exists()
    assert answer(alice, request_)["state"] == "decided"


def test_a_second_question_brings_the_item_back_and_pushes_again(
    request_, alice, bob, charlie, phone, provider
):
    device = phone(charlie).push_address
    ask(alice, request_)
    work()
    inbox.mark(
        employee_id=charlie.id, notification_ids=[request_.id], mark="archived", now=clock.now()
    )
    ask(bob, request_, text="And whose car?")
    work()

    assert shown(provider)[device] == 2
    copy = Recipient.objects.get(employee=charlie)
    assert copy.archived_at is None
    assert Recipient.objects.count() == 3


def test_the_sub_system_is_told_of_a_question_and_replies(request_, alice, bob, caller, provider):
    ask(alice, request_, to="subsystem", text="Why twice?")
    event = CallbackEvent.objects.get()
    assert event.type == "question.asked"
    assert event.body["data"]["text"] == "Why twice?"
    assert event.body["data"]["question_id"] == str(Question.objects.get().id)
    assert event.body["data"]["actor"]["employee_id"] == alice.employee_id
    reply_as(caller, request_)
    reply_as(caller, request_)  # the answer was lost
    with pytest.raises(questions.AlreadyReplied):
        reply_as(caller, request_, text="Another.")

    [told] = inbox.item(employee_id=bob.id, notification_id=request_.id)["thread"]
    assert told["reply"]["by"] is None
    assert told["reply"]["text"] == "It is in the attachment."


def test_a_colleague_who_stands_in_asks_in_somebodys_name(accept, alice, bob, now):
    wish = delegation.Wish(bob.employee_id, None, now + timedelta(days=1))
    delegation.give(principal_id=alice.id, wish=wish, now=now)
    request = accept(alice)
    for person in (bob, alice):
        ask(person, request, to="subsystem")

    said = [event.body["data"]["actor"] for event in CallbackEvent.objects.order_by("sequence")]
    assert said == [
        {"employee_id": bob.employee_id, "on_behalf_of": alice.employee_id},
        {"employee_id": alice.employee_id, "on_behalf_of": None},
    ]


def test_the_feed_shows_question_and_reply(request_, alice, bob, charlie, provider):
    touched = {copy.employee_id: copy.changed_in for copy in Recipient.objects.all()}
    ask(alice, request_)
    after = {copy.employee_id: copy.changed_in for copy in Recipient.objects.all()}
    assert all(after[person] >= touched[person] for person in touched)
    assert changes.since(employee_id=bob.id, cursor=None).full


def test_both_texts_are_sealed(request_, alice, charlie, provider):
    ask(alice, request_)
    reply(charlie, request_)
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, reply FROM notifications_question")
        text, said = cursor.fetchone()
    assert b"project" not in bytes(text)
    assert b"Atlas" not in bytes(said)


def test_one_question_at_a_time_to_each(request_, alice, charlie, provider, now):
    ask(alice, request_)
    with pytest.raises(questions.AlreadyAsked):
        ask(alice, request_, text="And why?")
    ask(alice, request_, to="subsystem")
    reply(charlie, request_)
    ask(alice, request_, text="And why?")
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.create(
            notification=request_, asker=alice, to="requester", text="x", asked_at=now
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(replied_at=None).update(replied_at=now)


def test_who_is_not_asked_does_not_ask_and_who_sees_nothing_finds_nothing(
    make_request, alice, bob, charlie
):
    request = make_request(alice, readers=(bob,))
    with pytest.raises(refusals.NotYoursToAnswer):
        ask(bob, request, to="subsystem")
    with pytest.raises(errors.NotFound):
        ask(charlie, request, to="subsystem")
    with pytest.raises(errors.Invalid) as refused:
        ask(alice, request)
    assert refused.value.errors[0].code == "no_requester"
    assert not Question.objects.exists()


def test_only_the_requester_replies_and_only_to_what_was_put_to_them(
    request_, alice, bob, charlie, caller, provider
):
    ask(alice, request_)
    with pytest.raises(refusals.NotYoursToAnswer):
        reply(bob, request_)
    with pytest.raises(errors.NotFound):
        reply_as(caller, request_)
    reply(charlie, request_)
    reply(charlie, request_)
    with pytest.raises(questions.AlreadyReplied):
        reply(charlie, request_, text="Another.")


def test_nothing_is_asked_or_replied_after_the_end(request_, alice, charlie, caller, provider):
    ask(alice, request_)
    withdrawal.by_subsystem(
        caller=caller, notification_id=request_.id, reason="A mistake.", now=clock.now()
    )
    with pytest.raises(refusals.Withdrawn):
        ask(alice, request_, to="subsystem")
    with pytest.raises(refusals.Withdrawn):
        reply(charlie, request_)


def test_the_requester_who_was_asked_still_does_not_answer(request_, alice, charlie, provider):
    ask(alice, request_)
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(charlie, request_)
