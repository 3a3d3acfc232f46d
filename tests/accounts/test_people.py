"""Identity is the objectGUID; names, ids and managers move, and nobody is lost by it."""

import uuid
from datetime import datetime, timedelta

import pytest

from accounts import people, sync
from accounts.audit import HUB
from accounts.directory.port import Group, Person
from accounts.directory.refusals import DirectoryUnavailable
from accounts.models import AuditEvent, Employee, GroupMember, GroupNesting
from accounts.models import Group as GroupRow
from tests.accounts.conftest import FakeDirectory, person


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
    people.set_disabled(employee_id=alice.pk, reason="left", actor=HUB, now=now)
    assert people.upsert(person=person(alice), now=now).disabled_at is None
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["employee_disabled", "employee_enabled"]


def company() -> tuple[list[Person], list[Group]]:
    """Three hundred people, everybody's manager listed after them; three groups in a circle."""
    guids = [uuid.UUID(int=number + 1) for number in range(300)]
    persons = [
        Person(
            object_guid=guid, user_name=f"p{number}", employee_id=f"E{number}", mail="",
            display_name=f"P {number}", department="D", geo="DE", title="", enabled=True,
            manager_guid=guids[number + 1] if number + 1 < 300 else guid,
        )
        for number, guid in enumerate(guids)
    ]  # fmt: skip
    ring = [uuid.UUID(int=1000 + number) for number in range(3)]
    groups = [
        Group(ring[n], f"G{n}", frozenset(guids[n * 100 : n * 100 + 100]), frozenset({ring[n - 1]}))
        for n in range(3)
    ]
    return persons, groups


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "_PEOPLE_A_BATCH", 70)
    monkeypatch.setattr(sync, "_GROUPS_A_BATCH", 2)


def test_a_walk_brings_everybody_and_a_second_one_changes_nothing(
    db: None, small_batches: None, now: datetime
) -> None:
    directory = FakeDirectory()
    persons, directory.all_groups = company()
    directory.add(*persons)
    first = sync.walk(directory=directory, now=now)
    assert first == sync.Summary(300, 0, 0, 0, 299, 3, 0)
    before = list(Employee.objects.order_by("pk").values("pk", "employee_id", "manager"))
    assert Employee.objects.get(employee_id="E69").manager.employee_id == "E70"  # type: ignore[union-attr]
    assert Employee.objects.get(employee_id="E299").manager is None
    second = sync.walk(directory=directory, now=now + timedelta(hours=1))
    assert (second.people, second.disabled, second.groups) == (300, 0, 3)
    assert before == list(Employee.objects.order_by("pk").values("pk", "employee_id", "manager"))
    assert (GroupMember.objects.count(), GroupNesting.objects.count()) == (300, 3)


def test_a_walk_follows_members_and_nesting_that_change(db: None, now: datetime) -> None:
    directory = FakeDirectory()
    persons, groups = company()
    directory.add(*persons)
    directory.all_groups = groups
    sync.walk(directory=directory, now=now)
    moved = Group(
        groups[0].object_guid, "Renamed", frozenset({persons[250].object_guid}), frozenset()
    )
    directory.all_groups = [moved, *groups[1:]]
    sync.walk(directory=directory, now=now + timedelta(hours=1))
    row = GroupRow.objects.get(name="Renamed")
    members = GroupMember.objects.filter(group=row).values_list("employee__employee_id", flat=True)
    assert list(members) == ["E250"]
    assert not GroupNesting.objects.filter(parent=row).exists()
    assert GroupNesting.objects.count() == 2


def test_a_disable_flag_acts_and_absence_does_not(db: None, now: datetime) -> None:
    directory = FakeDirectory()
    persons, _ = company()
    directory.add(*persons)
    sync.walk(directory=directory, now=now)
    directory.persons = {}
    gone = persons[0]
    directory.add(Person(**{f: getattr(gone, f) for f in Person.__slots__} | {"enabled": False}))
    later = now + timedelta(hours=1)
    summary = sync.walk(directory=directory, now=later)
    assert (summary.disabled, summary.absent) == (1, 299)
    assert list(
        Employee.objects.exclude(disabled_at=None).values_list("employee_id", flat=True)
    ) == ["E0"]


def test_a_walk_that_breaks_off_keeps_what_came_and_disables_nobody(
    db: None, small_batches: None, now: datetime
) -> None:
    directory = FakeDirectory()
    persons, _ = company()
    directory.add(*persons)
    directory.refusal = DirectoryUnavailable()
    with pytest.raises(DirectoryUnavailable):
        sync.walk(directory=directory, now=now)
    assert Employee.objects.filter(disabled_at=None).count() == 280
