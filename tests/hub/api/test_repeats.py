"""Idempotency at the real doors: what a sender or a phone that lost the answer lives through."""

import threading

import pytest
from django.db import connection, transaction

from accounts.models import IdempotencyRecord
from notifications import writing
from notifications.models import Errand, Notification, Response, Seat
from tests.hub.api import codes
from tests.hub.api.world import NOTICE

SEND = "/api/v1/notifications"
KEY = "Idempotency-Key"


@pytest.mark.django_db
def test_a_notification_that_is_sent_again_is_accepted_once_and_answered_alike(world):
    before = Notification.objects.count(), Errand.objects.count()
    body = {**NOTICE, "kind": "request", "reference": "EXP-1"}
    first = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    made = Notification.objects.count() - before[0], Errand.objects.count() - before[1]
    again = world.call("sender", "POST", SEND, dict(reversed(body.items())), **{KEY: "k-1"})

    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    after = Notification.objects.count() - before[0], Errand.objects.count() - before[1]
    assert made[0] == 1
    assert after == made
    assert Seat.objects.filter(notification_id=first.json()["id"]).count() == 1


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused_and_does_nothing(world):
    world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"})
    count = Notification.objects.count()
    answer = world.call("sender", "POST", SEND, {**NOTICE, "title": "Other"}, **{KEY: "k-1"})

    assert (answer.status_code, codes.problem(answer)["code"]) == (422, "idempotency_key_reused")
    assert Notification.objects.count() == count


@pytest.mark.django_db
def test_what_was_refused_is_not_kept_and_may_be_corrected_under_the_same_key(world):
    refused = [
        {**NOTICE, "category": "nonsense"},
        {**NOTICE, "audience": {"any": [{"employees": ["E9999"]}]}},
        {**NOTICE, "title": ""},
    ]
    for body in refused:
        assert world.call("sender", "POST", SEND, body, **{KEY: "k-1"}).status_code == 422
    assert not IdempotencyRecord.objects.exists()

    answer = world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"})
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer


@pytest.mark.django_db
def test_a_key_belongs_to_one_sub_system_and_to_one_mode(world):
    senders = ["sender", "other_subsystem", "sender_test_key", "other_test_key"]
    answers = [world.call(who, "POST", SEND, NOTICE, **{KEY: "same"}) for who in senders]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 4
    assert not any("Idempotency-Replayed" in answer for answer in answers)


@pytest.mark.django_db
def test_two_keys_of_one_sub_system_share_its_idempotency(world, payroll, now):
    from accounts import subsystems
    from tests.hub.api.world import ADMIN

    # A key may be rotated between the try and the repeat.
    fresh = subsystems.issue_key(
        subsystem=payroll, mode="live", name="next", expires_at=None, actor=ADMIN, now=now
    )
    first = world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"})
    world.tokens["rotated"] = fresh.text
    again = world.call("rotated", "POST", SEND, NOTICE, **{KEY: "k-1"})

    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.django_db
def test_an_answer_that_is_sent_again_is_taken_once_even_after_the_decision(world):
    path = f"/api/v1/me/inbox/{world.request.pk}/response"
    body = {"verb": "approve", "version": 1}
    first = world.call("owner", "POST", path, body, **{KEY: "tap-1"})
    again = world.call("owner", "POST", path, body, **{KEY: "tap-1"})

    assert first.status_code == again.status_code == 200, first.content
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Response.objects.count() == 1
    other = world.call("owner", "POST", path, {"verb": "reject", "version": 1, "comment": "No."})
    assert codes.problem(other)["code"] == "already_decided"


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_being_worked_on_a_repeat_is_told_to_wait(world, monkeypatch):
    entered, leave = threading.Event(), threading.Event()
    write, answers = writing.write, []

    def slow(*args, **kwargs):
        with transaction.atomic():
            outcome = write(*args, **kwargs)
            entered.set()
            assert leave.wait(30)
            return outcome

    def first():
        answers.append(world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"}))
        connection.close()

    monkeypatch.setattr(writing, "write", slow)
    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(30)
    monkeypatch.setattr(writing, "write", write)
    try:
        repeat = world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"})
        other = world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-2"})
    finally:
        leave.set()
        thread.join(30)

    assert (repeat.status_code, codes.problem(repeat)["code"]) == (409, "idempotency_in_flight")
    assert int(repeat["Retry-After"]) >= 1
    assert other.status_code == 202, "another key does not wait"
    assert answers[0].status_code == 202
    late = world.call("sender", "POST", SEND, NOTICE, **{KEY: "k-1"})
    assert late["Idempotency-Replayed"] == "true"
    assert late.json() == answers[0].json()
