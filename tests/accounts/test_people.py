"""Identity is the objectGUID; names, ids and managers move, and nobody is lost by it."""

import uuid
from datetime import datetime, timedelta

import pytest

from accounts import people
from accounts.audit import HUB
from accounts.models import AuditEvent, Employee
from accounts.refusals import NotAnEmployee
from tests.accounts.conftest import person


def test_somebody_renamed_and_moved_stays_the_same_employee(alice: Employee, now: datetime) -> None:
    seen = people.upsert(
        person=person(
            alice, user_name="alice.smith", employee_id="X9", geo="IN", manager_guid=None
        ),
        now=now,
    )
    assert seen.pk == alice.pk
    assert (seen.user_name, seen.employee_id, seen.geo, seen.manager) == (
        "alice.smith", "X9", "IN", None,
    )  # fmt: skip


def test_nothing_is_written_for_somebody_unchanged(
    alice: Employee, now: datetime, django_assert_num_queries: object
) -> None:
    people.upsert(person=person(alice), now=now)
    with django_assert_num_queries(1):  # type: ignore[operator]
        people.upsert(person=person(alice), now=now + timedelta(minutes=4))


def test_an_employee_id_used_again_leaves_its_former_holder(alice: Employee, now: datetime) -> None:
    heir = people.upsert(person=person(alice, object_guid=uuid.uuid4()), now=now)
    assert heir.employee_id == "E1001"
    alice.refresh_from_db()
    assert alice.employee_id == f"former:{alice.pk}"
    assert AuditEvent.objects.get(action="employee_id_moved").subject_id == str(alice.pk)


def test_two_people_who_swap_their_ids_both_get_them(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    swapped = [person(alice, employee_id="E1002"), person(bob, employee_id="E1001")]
    people.upsert_all(people=swapped, now=now)
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.employee_id, bob.employee_id) == ("E1002", "E1001")


def test_after_a_rehire_the_old_account_does_not_take_the_id_back(
    alice: Employee, now: datetime
) -> None:
    old, new = person(alice, enabled=False), person(alice, object_guid=uuid.uuid4())
    for walk, order in enumerate(([old, new], [new, old])):
        for one in order:
            people.upsert_all(people=[one], now=now + timedelta(hours=walk))
        assert Employee.objects.get(employee_id="E1001").object_guid == new.object_guid
    alice.refresh_from_db()
    assert alice.disabled_at == now


def test_of_two_people_with_one_id_in_a_walk_the_first_keeps_it(
    alice: Employee, now: datetime
) -> None:
    twin = person(alice, object_guid=uuid.uuid4())
    together = people.upsert_all(people=[person(alice), twin], now=now)
    apart = people.upsert_all(people=[twin], now=now)
    assert (together.written, together.skipped, apart.written, apart.skipped) == (1, 1, 0, 1)
    alice.refresh_from_db()
    assert alice.employee_id == "E1001"


def test_somebody_switched_on_again_is_enabled(alice: Employee, now: datetime) -> None:
    people.set_disabled(employee_id=alice.pk, reason=people.SWITCHED_OFF, actor=HUB, now=now)
    assert people.upsert(person=person(alice), now=now).disabled_at is None
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["employee_disabled", "employee_enabled"]


def test_somebody_disabled_by_hand_is_not_enabled_by_a_sign_in(
    alice: Employee, now: datetime
) -> None:
    people.set_disabled(employee_id=alice.pk, reason="left", actor=HUB, now=now)
    assert people.upsert(person=person(alice), now=now).disabled_at == now


def test_somebody_kept_out_does_not_come_back_by_signing_in(alice: Employee, now: datetime) -> None:
    people.keep_out(employee_id=alice.pk, reason="opted_out", actor=HUB, now=now)
    with pytest.raises(NotAnEmployee):
        people.upsert(person=person(alice), now=now)
