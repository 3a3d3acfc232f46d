"""Delegations over HTTP: choosing a colleague, giving, answering in a name, taking back."""

from datetime import timedelta

import pytest

from accounts.models import Employee
from hub.lib import clock
from notifications.models import Delegation
from tests.hub.api import codes
from tests.hub.api.world import send

pytestmark = pytest.mark.django_db

DELEGATIONS = "/api/v1/me/delegations"


@pytest.fixture
def body():
    return {"delegate": "E1003", "until": clock.text(clock.now() + timedelta(hours=8))}


def test_a_stranger_becomes_a_delegate_answers_and_is_a_stranger_again(world, body):
    item = f"/api/v1/me/inbox/{world.request.pk}"
    alices, charlies = world.tokens["owner"], world.tokens["other_employee"]
    assert send(charlies, "GET", item).status_code == 404

    given = send(alices, "POST", DELEGATIONS, body)
    assert given.status_code == 201
    assert given.json()["delegate"] == {"employee_id": "E1003", "name": "Charlie"}
    assert given.json()["active"]
    assert send(charlies, "GET", item).json()["answer_for"] == [
        {"employee_id": "E1001", "name": "Alice"}
    ]
    [received] = send(charlies, "GET", DELEGATIONS).json()["received"]
    assert received["id"] == given.json()["id"]
    answer = {"verb": "approve", "version": 1}
    refusal = codes.problem(send(charlies, "POST", f"{item}/response", answer))
    assert refusal["errors"][0]["pointer"] == "/on_behalf_of"
    decided = send(charlies, "POST", f"{item}/response", {**answer, "on_behalf_of": "E1001"})
    assert decided.json()["decision"]["on_behalf_of"] == {"employee_id": "E1001", "name": "Alice"}

    taken = send(alices, "DELETE", f"{DELEGATIONS}/{given.json()['id']}")
    assert taken.status_code == 204
    assert send(charlies, "GET", item).status_code == 404
    assert codes.problem(send(alices, "DELETE", f"{DELEGATIONS}/{given.json()['id']}"))


def test_a_repeat_with_its_idempotency_key_gives_one_delegation(world, body):
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        send(world.tokens["owner"], "POST", DELEGATIONS, body, headers=headers)

    assert Delegation.objects.filter(delegate__employee_id="E1003").count() == 1


def test_what_is_wrong_has_its_pointer(world, body):
    for wrong, pointer in (
        ({"delegate": "nobody"}, "/delegate"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"from": "tomorrow"}, "/from"),
        ({"category": "approval"}, "/subsystem"),
    ):
        answer = send(world.tokens["owner"], "POST", DELEGATIONS, {**body, **wrong})
        assert codes.problem(answer)["errors"][0]["pointer"] == pointer


def found(world, q):
    answer = world.call("owner", "GET", f"/api/v1/me/colleagues?q={q}")
    assert answer.status_code == 200, answer.content
    return [entry["employee_id"] for entry in answer.json()["entries"]]


def test_a_colleague_is_found_by_how_a_name_a_mail_address_or_an_id_begins(world):
    assert found(world, "BO") == ["E1002"]
    assert found(world, "charlie@corp") == ["E1003"]
    assert found(world, "e1002") == ["E1002"]
    assert found(world, "E1001") == [], "oneself"
    assert found(world, "erin") == [], "who has left"
    assert found(world, "%25%25") == found(world, "__") == found(world, "ob") == []
    answer = world.call("owner", "GET", "/api/v1/me/colleagues?q=bo").json()
    assert answer["entries"][0].keys() == {"employee_id", "display_name", "department"}


def test_a_search_is_bounded_in_what_it_gives_and_how_often(world, now, settings):
    Employee.objects.bulk_create(
        Employee(
            employee_id=f"X{n}", object_guid=f"00000000-0000-0000-0000-{n:012}", user_name=f"x{n}",
            display_name=f"Xenia {n:02}", seen_in_directory_at=now,
        )
        for n in range(30)
    )  # fmt: skip
    assert len(found(world, "xenia")) == 20
    codes.problem(world.call("owner", "GET", "/api/v1/me/colleagues?q=x"))

    settings.COLLEAGUE_SEARCHES_A_MINUTE = 1
    refusals = [
        world.call("owner", "GET", "/api/v1/me/colleagues?q=xenia").status_code for _ in range(3)
    ]
    assert 429 in refusals
