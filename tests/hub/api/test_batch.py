"""Many notifications in one POST: each for itself, all of them once, in bounds."""

import json
import threading

import pytest
from django.db import connection, transaction

from accounts.models import IdempotencyRecord
from notifications import writing
from notifications.models import Errand, Notification, Recipient, Seat
from tests.hub.api import codes
from tests.hub.api.world import NOTICE

SEND = "/api/v1/notifications/batch"
KEY = "Idempotency-Key"


def batch(*notifications):
    return {"notifications": list(notifications)}


def asked(reference, **more):
    return {**NOTICE, "kind": "request", "reference": reference, **more}


def stored():
    return Notification.objects.count(), Recipient.objects.count(), Errand.objects.count()


BAD = {
    "no object": (7, "/"),
    "an unknown field": ({**NOTICE, "surprise": 1}, "/surprise"),
    "a blank title": ({**NOTICE, "title": " "}, "/title"),
    "a category that is none": ({**NOTICE, "category": "nonsense"}, "/category"),
    "a requester who is none": (asked("x", requester="E404"), "/requester"),
    "an audience of nobody": (
        {**NOTICE, "audience": {"any": [{"employees": ["E404"]}]}}, "/audience",
    ),
    "an audience that is none": ({**NOTICE, "audience": {"any": [{"nobody": 1}]}}, "/audience/any/0"),
    "a quorum out of reach": (asked("x", policy={"mode": "quorum", "n": 2}), "/policy/n"),
    "an end in the past": ({**NOTICE, "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    "less sensitive than its category": ({**NOTICE, "sensitivity": "public"}, "/sensitivity"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_one_is_told_at_its_place_as_if_it_came_alone_and_spoils_no_other(world, bad):
    one, pointer = bad
    answer = world.call("sender", "POST", SEND, batch(asked("first"), one, asked("last")))
    alone = world.call("sender", "POST", "/api/v1/notifications", one)

    assert answer.status_code == 207
    first, refused, last = answer.json()["results"]
    assert [first["status"], refused["status"], last["status"]] == [202, 422, 202]
    assert refused["problem"] == {
        **codes.problem(alone), "request_id": refused["problem"]["request_id"],
    }  # fmt: skip
    assert refused["problem"]["request_id"] == answer["X-Request-ID"]
    assert refused["problem"]["errors"][0]["pointer"].startswith(pointer.rstrip("/"))
    for result, reference in ((first, "first"), (last, "last")):
        assert Notification.objects.get(pk=result["id"]).reference == reference
        assert Seat.objects.filter(notification_id=result["id"]).count() == 1


@pytest.mark.django_db
def test_each_is_answered_in_its_place_with_what_a_single_post_answers(world):
    many = [{**NOTICE, "reference": f"n{number}"} for number in range(40)]
    answer = world.call("sender", "POST", SEND, batch(*many))
    alone = world.call("sender", "POST", "/api/v1/notifications", NOTICE).json()

    results = answer.json()["results"]
    ids = [result["id"] for result in results]
    for result, sent in zip(results, many, strict=True):
        row = Notification.objects.get(pk=result["id"])
        assert row.reference == sent["reference"]
        told = {**alone, "id": result["id"], "uri": f"/api/v1/notifications/{result['id']}"}
        assert result == {"status": 202, **told}
    assert Recipient.objects.filter(notification_id__in=ids).count() == 40
    assert Errand.objects.filter(notification_id__in=ids, kind="push").count() == 40


@pytest.mark.django_db
def test_one_of_every_kind_of_audience_and_time_is_written_as_if_it_came_alone(world):
    many = [
        {**NOTICE, "audience": {"any": [{"everybody": True}], "none": [{"geo": "IN"}]}},
        {**NOTICE, "audience": {"any": [{"employees": ["mail:BOB@corp.example", "upn:Alice"]}]}},
        {**NOTICE, "send_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-02T00:00:00Z"},
        {**NOTICE, "joiners": True, "expires_at": "2099-01-02T00:00:00Z"},
        {
            **NOTICE,
            "waves": {"by": "time_zone", "at": "09:00"},
            "joiners": True,
            "expires_at": "2099-01-02T00:00:00Z",
        },
        asked("later", send_at="2099-01-01T00:00:00Z"),
        asked("restricted", sensitivity="restricted", requester="E1003"),
        asked("many", audience={"any": [{"employees": ["E1001", "E1002", "E9"]}]}),
    ]
    alone = [world.call("sender", "POST", "/api/v1/notifications", one).json() for one in many]
    results = world.call("sender", "POST", SEND, batch(*many)).json()["results"]

    def told(answer):
        row = Notification.objects.get(pk=answer["id"])
        columns = {
            name: value for name, value in vars(row).items()
            if name not in {"_state", "id", "created_at", "fanned_out_at", "sealed_content"}
        }  # fmt: skip
        return (
            answer["state"], answer["audience"], columns, row.card, row.fanned_out_at is None,
            list(Recipient.objects.filter(notification=row).order_by("employee_id").values("employee_id")),
            list(Seat.objects.filter(notification=row).order_by("principal_id").values("principal_id", "holder_id", "step", "source")),
            list(Errand.objects.filter(notification=row).order_by("kind").values("kind", "queue", "lane", "size", "purpose", "employee_from", "employee_to")),
        )  # fmt: skip

    assert [told(one) for one in results] == [told(one) for one in alone]


@pytest.mark.django_db
def test_a_batch_that_is_sent_again_is_done_once_and_answered_alike(world):
    body = batch(asked("a"), {**NOTICE, "category": "nonsense"}, asked("b"))
    first = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    before = stored()
    again = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    other = world.call("sender", "POST", SEND, batch(asked("c")), **{KEY: "k-1"})
    single = world.call("sender", "POST", "/api/v1/notifications", NOTICE, **{KEY: "k-1"})

    assert first.status_code == again.status_code == 207
    assert first.content == again.content
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert codes.problem(other)["code"] == "idempotency_key_reused"
    assert single.status_code == 202, "another address is another request"
    assert stored()[0] == before[0] + 1


@pytest.mark.django_db
def test_a_batch_of_nothing_good_is_answered_and_kept_as_well(world):
    body = batch({**NOTICE, "category": "nonsense"}, 1)
    before = stored()
    first = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    again = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})

    assert [result["status"] for result in first.json()["results"]] == [422, 422]
    assert again["Idempotency-Replayed"] == "true"
    assert (stored(), IdempotencyRecord.objects.count()) == (before, 1)


@pytest.mark.django_db(transaction=True)
def test_while_a_batch_is_being_written_its_repeat_is_told_to_wait(world, monkeypatch):
    entered, leave = threading.Event(), threading.Event()
    write, answers, body = writing.write, [], batch(NOTICE, NOTICE)

    def slow(*args, **kwargs):
        with transaction.atomic():
            outcome = write(*args, **kwargs)
            entered.set()
            assert leave.wait(30)
            return outcome

    def first():
        answers.append(world.call("sender", "POST", SEND, body, **{KEY: "k-1"}))
        connection.close()

    monkeypatch.setattr(writing, "write", slow)
    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(30)
    monkeypatch.setattr(writing, "write", write)
    try:
        repeat = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    finally:
        leave.set()
        thread.join(30)
    assert codes.problem(repeat)["code"] == "idempotency_in_flight"
    late = world.call("sender", "POST", SEND, body, **{KEY: "k-1"})
    assert late.content == answers[0].content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/notifications"), ([], ""), (batch(), "/notifications"),
        (batch(*[NOTICE] * 501), "/notifications"), ({"notifications": {}}, "/notifications"),
        ({**batch(NOTICE), "more": 1}, "/more"), ({"notifications": None}, "/notifications"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_as_a_whole(world, body, pointer):
    before = stored()
    answer = world.call("sender", "POST", SEND, body)

    assert (answer.status_code, codes.problem(answer)["code"]) == (422, "invalid")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]
    assert stored() == before


@pytest.mark.django_db
def test_five_hundred_with_long_texts_are_taken(world):
    body = batch(*[{**NOTICE, "body": "x" * 3_000}] * 500)
    assert len(json.dumps(body)) > 1_500_000
    answer = world.call("sender", "POST", SEND, body)

    assert {result["status"] for result in answer.json()["results"]} == {202}
    assert Notification.objects.count() == 501


@pytest.mark.django_db
def test_a_larger_body_is_refused_with_its_limit(world, settings):
    answer = world.call("sender", "POST", SEND, b" " * (settings.BATCH_BODY_BYTES + 1))

    problem = codes.problem(answer)
    assert (answer.status_code, problem["code"]) == (413, "too_large")
    assert "2048 kB" in problem["detail"]
    small = world.call("sender", "POST", "/api/v1/notifications", b" " * (256 * 1024 + 1))
    assert "256 kB" in codes.problem(small)["detail"]


@pytest.mark.django_db
def test_one_of_a_batch_may_be_as_deep_as_one_alone_and_no_deeper(world):
    def deep(levels):
        return {**NOTICE, "metadata": {"a": json.loads("[" * levels + "]" * levels)}}

    assert world.call("sender", "POST", SEND, batch(deep(18))).status_code == 207
    answer = world.call("sender", "POST", SEND, batch(deep(19)))
    assert codes.problem(answer)["code"] == "json_too_deep"


@pytest.mark.django_db
def test_who_leaves_between_the_look_and_the_write_gets_no_copy(world, alice, bob, monkeypatch):
    from accounts.models import Employee
    from notifications import lookup

    lookup.forget()  # or nobody would look
    look_up = lookup.look_up

    def then_leaves(**asked):
        found = look_up(**asked)
        Employee.objects.filter(pk=bob.pk).update(disabled_at="2026-01-01T00:00:00Z")
        return found

    monkeypatch.setattr(lookup, "look_up", then_leaves)
    both = {"any": [{"employees": ["E1001", "E1002"]}]}
    body = batch(asked("a", audience=both), {**NOTICE, "audience": both})
    results = world.call("sender", "POST", SEND, body).json()["results"]

    for result in results:
        assert result["audience"] == {"count": 1, "unknown": ["E1002"]}
        people = Recipient.objects.filter(notification_id=result["id"], by_delegation=False)
        assert [row.employee_id for row in people] == [alice.pk]
