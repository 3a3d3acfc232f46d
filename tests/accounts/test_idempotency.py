"""One key, one act: whatever is lost, repeated, raced or changed on the way."""

from typing import Any

import pytest
from django.test import Client

from accounts import audit, subsystems
from accounts.models import AuditEvent, IdempotencyRecord, Subsystem
from hub.lib import clock
from tests.accounts.parallel import in_parallel
from tests.accounts.test_api import refused, send

pytestmark = pytest.mark.urls("tests.accounts.urls")


def key_of(subsystem: Subsystem, mode: str = "live") -> str:
    return subsystems.issue_key(
        subsystem=subsystem, mode=mode, name="", expires_at=None, actor=audit.HUB, now=clock.now()
    ).text


def order(token: str, idempotency_key: str, body: object = None) -> Any:
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return send(Client(), "POST", "orders", body or {"n": 1}, token, **headers)


def acts() -> int:
    return AuditEvent.objects.filter(action="ordered").count()


def test_a_repeat_gets_the_very_same_answer(payroll: Subsystem) -> None:
    key = key_of(payroll)
    first, second = order(key, "a"), order(key, "a")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"] == "/x"
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert acts() == 1


def test_the_order_of_members_makes_no_other_body(payroll: Subsystem) -> None:
    key = key_of(payroll)
    order(key, "a", {"x": 1, "y": 2})
    assert order(key, "a", {"y": 2, "x": 1})["Idempotency-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(payroll: Subsystem) -> None:
    key = key_of(payroll)
    order(key, "a")
    refused(order(key, "a", {"n": 2}), 422, "idempotency_key_reused")
    assert acts() == 1


def test_a_refused_act_leaves_nothing_and_may_be_tried_again(payroll: Subsystem) -> None:
    key = key_of(payroll)
    refused(order(key, "a", {"fail": True}), 422, "invalid")
    assert (acts(), IdempotencyRecord.objects.count()) == (0, 0)
    assert order(key, "a", {"fail": False}).status_code == 202


def test_keys_of_others_and_of_test_mode_are_other_keys(
    payroll: Subsystem, rosters: Subsystem
) -> None:
    tokens = [key_of(payroll), key_of(payroll, "test"), key_of(rosters)]
    assert all("Idempotency-Replayed" not in order(token, "a") for token in tokens)
    assert acts() == 3
    # A second live key of the same sub-system, as after a rotation, is the same principal.
    assert order(key_of(payroll), "a")["Idempotency-Replayed"] == "true"


def test_without_the_header_every_post_acts(payroll: Subsystem) -> None:
    key = key_of(payroll)
    order(key, "")
    order(key, "")
    assert acts() == 2


@pytest.mark.parametrize("bad", ["x" * 256, "a b", "é", "a\x7f"])
def test_what_is_no_key_is_refused(payroll: Subsystem, bad: str) -> None:
    refused(order(key_of(payroll), bad), 400, "idempotency_key_malformed")
    assert acts() == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_key_act_once(payroll: Subsystem) -> None:
    key = key_of(payroll)
    answers: list[Any] = in_parallel(20, lambda _: order(key, "a"))
    assert acts() == 1
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "idempotency_in_flight")
            assert answer["Retry-After"] == "1"
    assert order(key, "a")["Idempotency-Replayed"] == "true"
