"""Answers that were given without a network and sent later, again and again, end in one truth."""

import pytest

from notifications.models import Decision, Response
from tests.hub.api import codes

pytestmark = pytest.mark.django_db

ANSWER = {"verb": "approve", "version": 1}


def respond(world, body, key):
    path = f"/api/v1/me/inbox/{world.request.pk}/response"
    return world.call("owner", "POST", path, body, Idempotency_Key=key)


def test_an_answer_whose_reply_was_lost_is_sent_again_and_counts_once(world):
    first, *again = [respond(world, ANSWER, "phone-1") for _ in range(4)]

    assert first.status_code == 200
    for repeat in again:
        assert repeat.content == first.content
        assert repeat["Idempotency-Replayed"] == "true"
    assert (Response.objects.count(), Decision.objects.count()) == (1, 1)


def test_another_phone_that_was_offline_learns_what_was_decided_and_changes_nothing(world):
    respond(world, ANSWER, "phone-1")
    late = {"verb": "reject", "version": 1, "comment": "Too much."}
    told = [codes.problem(respond(world, late, "phone-2")) for _ in range(3)]

    assert {problem["code"] for problem in told} <= {"already_decided", "already_answered"}
    assert Decision.objects.get().verb == "approve"
    assert Response.objects.count() == 1
    item = world.call("owner", "GET", f"/api/v1/me/inbox/{world.request.pk}").json()
    assert item["your_answer"]["verb"] == item["decision"]["verb"] == "approve"


def test_a_whole_queue_sent_twice_leaves_the_same_inbox(world):
    item = f"/api/v1/me/inbox/{world.request.pk}"
    ids = [str(world.request.pk)]
    queue = [
        ("POST", "/api/v1/me/receipts", {"ids": ids, "receipt": "seen"}),
        ("POST", "/api/v1/me/inbox/mark", {"ids": ids, "mark": "read"}),
        ("POST", f"{item}/response", ANSWER),
        ("POST", "/api/v1/me/inbox/mark", {"ids": ids, "mark": "archived"}),
    ]

    def send():
        for number, (method, path, body) in enumerate(queue):
            answer = world.call("owner", method, path, body, Idempotency_Key=f"queued-{number}")
            assert answer.status_code == 200
        return world.call("owner", "GET", item).json()

    once = send()
    assert send() == once
    assert once["archived_at"] is not None
    assert (Response.objects.count(), Decision.objects.count()) == (1, 1)
