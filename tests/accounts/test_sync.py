"""The hub follows the directory; who goes missing in numbers is not believed to have left."""

import dataclasses
import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts import people, refusals, sync
from accounts.audit import HUB
from accounts.directory import choose
from accounts.directory.port import Group, Mark, Person
from accounts.directory.refusals import DirectoryUnavailable
from accounts.models import (
    AuditEvent,
    Device,
    Employee,
    GroupMember,
    GroupNesting,
    StagedPerson,
    Synchronisation,
)
from accounts.models import Group as GroupRow
from accounts.sync import lease, merge
from hub.lib import clock
from tests.accounts.conftest import FakeDirectory

HOUR = timedelta(hours=1)


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
def staff(db: None) -> FakeDirectory:
    """The company in a directory."""
    directory = FakeDirectory()
    persons, directory.all_groups = company()
    directory.add(*persons)
    return directory


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "PEOPLE_A_BATCH", 70)
    monkeypatch.setattr(merge, "GROUPS_A_BATCH", 2)


def run(directory: FakeDirectory, now: datetime, **more: bool) -> sync.Summary:
    summary = sync.run(directory=directory, now=now, **more)
    assert summary is not None
    return summary


def one(directory: FakeDirectory, number: int) -> Person:
    return directory.persons[uuid.UUID(int=number + 1)]


def change(directory: FakeDirectory, number: int, **changes: object) -> Person:
    """Somebody changes; a reading since the last mark shows them."""
    changed = dataclasses.replace(one(directory, number), **changes)
    directory.add(changed)
    directory.changed.append(changed)
    return changed


def leave(directory: FakeDirectory, numbers: range) -> None:
    for number in numbers:
        del directory.persons[uuid.UUID(int=number + 1)]


def disabled() -> dict[str, str]:
    found = Employee.objects.exclude(disabled_at=None)
    return dict(found.values_list("employee_id", "disabled_reason"))


def state() -> Synchronisation:
    return Synchronisation.objects.get(name="directory")


def test_a_run_brings_everybody_and_a_second_one_writes_nothing(
    staff: FakeDirectory, now: datetime
) -> None:
    first = run(staff, now)
    assert first == sync.Summary(
        complete=True, people=300, new=300, changed=0, skipped=0, disabled=0, enabled=0,
        managers=299, groups=3, missing=0, stopped=False,
    )  # fmt: skip
    assert Employee.objects.get(employee_id="E69").manager.employee_id == "E70"  # type: ignore[union-attr]
    assert Employee.objects.get(employee_id="E299").manager is None
    assert (GroupMember.objects.count(), GroupNesting.objects.count()) == (300, 3)
    second = run(staff, now + HOUR)
    assert dataclasses.replace(second, new=300, managers=299) == first
    assert not Employee.objects.filter(seen_in_directory_at__gt=now).exists()
    assert not StagedPerson.objects.exists()


def test_movers_renames_new_managers_and_swapped_ids_arrive(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    rows = dict(Employee.objects.values_list("object_guid", "pk"))
    change(staff, 5, user_name="p5.smith", geo="IN", manager_guid=uuid.UUID(int=1))
    change(staff, 6, employee_id="E299")
    change(staff, 299, employee_id="E6")
    summary = run(staff, now + HOUR)
    assert (summary.changed, summary.managers, summary.new) == (3, 1, 0)
    moved = Employee.objects.get(employee_id="E5")
    assert (moved.user_name, moved.geo, moved.manager_id) == (
        "p5.smith",
        "IN",
        rows[uuid.UUID(int=1)],
    )
    ids = dict(Employee.objects.values_list("employee_id", "pk"))
    assert (ids["E299"], ids["E6"]) == (rows[uuid.UUID(int=7)], rows[uuid.UUID(int=300)])


def test_members_and_nesting_follow_and_a_deleted_group_goes(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    first, second, _ = staff.all_groups
    renamed = dataclasses.replace(
        first, name="Renamed", member_guids=frozenset({uuid.UUID(int=251)}), child_guids=frozenset()
    )
    staff.all_groups = [renamed, second]
    run(staff, now + HOUR)
    row = GroupRow.objects.get(name="Renamed")
    members = GroupMember.objects.filter(group=row).values_list("employee__employee_id", flat=True)
    assert list(members) == ["E250"]
    assert not GroupNesting.objects.filter(parent=row).exists()
    assert set(GroupRow.objects.values_list("name", flat=True)) == {"Renamed", "G1"}


def test_groups_that_vanish_together_are_not_believed_to_be_gone(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    staff.all_groups = []
    run(staff, now + HOUR)
    assert GroupRow.objects.count() == 3


def test_a_leaver_is_disabled_and_everything_of_theirs_ends(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    leave(staff, range(1))
    assert run(staff, now + HOUR).disabled == 1
    assert disabled() == {"E0": "absent"}
    assert AuditEvent.objects.get(action="employee_disabled").data == {"reason": "absent"}


def test_more_missing_than_may_be_stop_until_somebody_allows_it(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    leave(staff, range(16))  # 5 % of 300 are 15
    change(staff, 20, enabled=False)
    summary = run(staff, now + HOUR)
    assert (summary.missing, summary.stopped) == (16, True)
    assert disabled() == {"E20": "directory"}  # an explicit flag always acts
    assert (state().stopped_at, state().missing, state().result) == (now + HOUR, 16, "stopped")
    summary = run(staff, now + 2 * HOUR, allow_absent=True)
    assert (summary.disabled, summary.stopped, state().stopped_at) == (16, False, None)
    assert AuditEvent.objects.get(action="directory_absence_allowed").data == {"people": 16}


def test_those_missing_within_a_day_are_counted_together(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    leave(staff, range(10))
    assert not run(staff, now + HOUR).stopped
    leave(staff, range(10, 16))
    assert run(staff, now + 24 * HOUR).stopped
    assert run(staff, now + 25 * HOUR + timedelta(seconds=1)).disabled == 6


def test_an_override_begins_the_day_anew(staff: FakeDirectory, now: datetime) -> None:
    run(staff, now)
    leave(staff, range(100))
    assert run(staff, now + HOUR, allow_absent=True).disabled == 100
    leave(staff, range(100, 101))
    assert run(staff, now + 2 * HOUR).disabled == 1


def test_an_empty_directory_disables_nobody_however_small_the_company(
    db: None, now: datetime
) -> None:
    tiny = FakeDirectory()
    tiny.add(*company()[0][:2])
    run(tiny, now)
    tiny.persons = {}
    assert run(tiny, now + HOUR).stopped
    assert disabled() == {}


def test_who_is_there_again_is_enabled_again_but_nobody_disabled_by_hand(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    back = staff.persons.copy()
    leave(staff, range(2))
    by_hand = Employee.objects.get(employee_id="E9")
    people.set_disabled(employee_id=by_hand.pk, reason="left", actor=HUB, now=now)
    run(staff, now + HOUR)
    staff.persons = back
    assert run(staff, now + 2 * HOUR).enabled == 2
    assert disabled() == {"E9": "left"}


def test_an_account_past_its_last_moment_ends_though_the_directory_shows_no_change(
    staff: FakeDirectory, now: datetime
) -> None:
    change(staff, 3, expires_at=now + HOUR)
    staff.mark = Mark("dc1", 1)
    run(staff, now)
    staff.changed.clear()
    assert run(staff, now + HOUR - timedelta(seconds=1)).disabled == 0
    staff.refusal = DirectoryUnavailable()  # even then: the moment was known
    with pytest.raises(DirectoryUnavailable):
        run(staff, now + HOUR)
    assert disabled() == {"E3": "expired"}


def test_a_directory_that_breaks_off_disables_nobody_but_those_it_called_switched_off(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    leave(staff, range(5, 8))
    change(staff, 20, enabled=False)
    staff.refusal = DirectoryUnavailable()
    with pytest.raises(DirectoryUnavailable):
        run(staff, now + HOUR)
    assert disabled() == {"E20": "directory"}
    assert (state().result, state().known_at) == ("unavailable", now)


def test_a_rehire_takes_the_id_over_and_the_old_account_does_not_take_it_back(
    staff: FakeDirectory, now: datetime
) -> None:
    run(staff, now)
    new = dataclasses.replace(one(staff, 7), object_guid=uuid.UUID(int=5000))
    change(staff, 7, enabled=False)
    staff.persons = {new.object_guid: new, **staff.persons}
    for hours in (1, 2):
        run(staff, now + hours * HOUR)
        assert Employee.objects.get(employee_id="E7").object_guid == new.object_guid
    assert AuditEvent.objects.filter(action="employee_id_moved").count() == 1


def test_of_two_people_with_one_id_its_holder_keeps_it(staff: FakeDirectory, now: datetime) -> None:
    run(staff, now)
    twin = dataclasses.replace(one(staff, 7), object_guid=uuid.UUID(int=5000), user_name="twin")
    staff.persons = {twin.object_guid: twin, **staff.persons}
    assert run(staff, now + HOUR).skipped == 1
    assert Employee.objects.get(employee_id="E7").object_guid == uuid.UUID(int=8)
    # Also where only what changed is read, and the holder did not.
    staff.mark = Mark("dc1", 1)
    run(staff, now + 2 * HOUR)
    staff.changed = [twin]
    assert run(staff, now + 3 * HOUR).skipped == 1
    assert Employee.objects.get(employee_id="E7").object_guid == uuid.UUID(int=8)


def test_somebody_kept_out_is_not_brought_back(staff: FakeDirectory, now: datetime) -> None:
    run(staff, now)
    erased = Employee.objects.get(employee_id="E7")
    people.keep_out(employee_id=erased.pk, reason="erased", actor=HUB, now=now)
    run(staff, now + HOUR)
    assert disabled() == {"E7": "erased"}
    Employee.objects.filter(manager=erased).update(manager=None)
    GroupMember.objects.filter(employee=erased).delete()
    erased.delete()
    run(staff, now + 2 * HOUR)
    assert not Employee.objects.filter(employee_id="E7").exists()


class TestSinceAMark:
    """Only what changed is read; absence is still seen."""

    @pytest.fixture(autouse=True)
    def _known(self, staff: FakeDirectory, now: datetime) -> None:
        staff.mark = Mark("dc1", 100)
        run(staff, now)
        staff.mark = Mark("dc1", 120)

    def test_changes_arrive_and_the_mark_moves_on(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        change(staff, 5, department="IT")
        change(staff, 6, enabled=False)
        group = dataclasses.replace(staff.all_groups[0], member_guids=frozenset())
        staff.all_groups[0] = group
        staff.changed_groups = [group]
        summary = run(staff, now + HOUR)
        assert staff.asked_since == {"dc1": 100}
        assert (summary.complete, summary.people, summary.changed, summary.groups) == (
            False, 2, 1, 1,
        )  # fmt: skip
        assert disabled() == {"E6": "directory"}
        assert GroupMember.objects.count() == 200
        assert state().marks == {"dc1": 120}

    def test_somebody_kept_out_is_not_brought_back_by_a_change_either(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        opted_out = Employee.objects.get(employee_id="E7")
        people.keep_out(employee_id=opted_out.pk, reason="opted_out", actor=HUB, now=now)
        kept = change(staff, 7, department="IT")
        run(staff, now + HOUR)
        assert disabled() == {"E7": "opted_out"}
        GroupMember.objects.filter(employee=opted_out).delete()
        Employee.objects.filter(manager=opted_out).update(manager=None)
        opted_out.delete()
        staff.changed = [kept]
        run(staff, now + 2 * HOUR)
        with pytest.raises(refusals.NotAnEmployee):
            people.upsert(person=kept, now=now)
        assert not Employee.objects.filter(employee_id="E7").exists()

    def test_a_leaver_is_seen_by_absence(self, staff: FakeDirectory, now: datetime) -> None:
        leave(staff, range(1))
        run(staff, now + HOUR)
        assert disabled() == {"E0": "absent"}

    def test_another_controller_is_read_completely_and_each_keeps_its_mark(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        staff.mark = Mark("dc2", 7)
        assert run(staff, now + HOUR).complete
        assert state().marks == {"dc1": 100, "dc2": 7}

    def test_a_joiner_brings_their_groups_with_the_next_run(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        new = dataclasses.replace(
            one(staff, 5), object_guid=uuid.UUID(int=5000), employee_id="E5000"
        )
        staff.add(new)
        staff.all_groups[0] = dataclasses.replace(
            staff.all_groups[0], member_guids=frozenset({new.object_guid})
        )
        staff.changed = [new]
        assert run(staff, now + HOUR).new == 1
        assert run(staff, now + 2 * HOUR).complete
        assert GroupMember.objects.filter(employee__employee_id="E5000").exists()

    def test_who_comes_back_without_a_change_is_read_again(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        back = staff.persons.copy()
        leave(staff, range(1))
        run(staff, now + HOUR)
        staff.persons = back
        run(staff, now + 2 * HOUR)
        assert run(staff, now + 3 * HOUR).enabled == 1
        assert not run(staff, now + 4 * HOUR).complete

    def test_a_failed_run_leaves_the_mark_where_it_was(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        staff.refusal = DirectoryUnavailable()
        with pytest.raises(DirectoryUnavailable):
            run(staff, now + HOUR)
        assert state().marks == {"dc1": 100}

    def test_everybody_is_read_again_after_a_day(self, staff: FakeDirectory, now: datetime) -> None:
        assert not run(staff, now + 23 * HOUR).complete
        assert run(staff, now + 24 * HOUR).complete


class TestARequiredGroup:
    """Who may use the hub: those in G0, or in a group inside it."""

    @pytest.fixture(autouse=True)
    def _required(self, staff: FakeDirectory, settings: LazySettings) -> None:
        settings.DIRECTORY_REQUIRED_GROUP = "g0"
        first, second, third = staff.all_groups
        # G0 holds G2; G1 stands apart.
        staff.all_groups = [
            dataclasses.replace(first, child_guids=frozenset({third.object_guid})),
            dataclasses.replace(second, child_guids=frozenset()),
            dataclasses.replace(third, child_guids=frozenset()),
        ]

    def regroup(self, staff: FakeDirectory, group: int, members: range) -> None:
        staff.all_groups[group] = dataclasses.replace(
            staff.all_groups[group],
            member_guids=frozenset(uuid.UUID(int=number + 1) for number in members),
        )
        staff.changed_groups = [staff.all_groups[group]]

    def test_only_its_members_become_employees(self, staff: FakeDirectory, now: datetime) -> None:
        run(staff, now)
        assert Employee.objects.count() == 200
        assert disabled() == {}
        assert Employee.objects.get(employee_id="E99").manager is None  # E100 is not among them

    def test_who_is_taken_out_of_a_nested_group_is_disabled_and_let_back_in(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        staff.mark = Mark("dc1", 1)
        run(staff, now)
        self.regroup(staff, 2, range(201, 300))
        assert not run(staff, now + HOUR).complete
        assert disabled() == {"E200": "not_admitted"}
        self.regroup(staff, 2, range(200, 300))
        assert run(staff, now + 2 * HOUR).enabled == 1

    def test_somebody_else_put_into_it_comes_with_the_next_run(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        staff.mark = Mark("dc1", 1)
        run(staff, now)
        self.regroup(staff, 0, range(101))
        run(staff, now + HOUR)
        assert run(staff, now + 2 * HOUR).new == 1
        assert Employee.objects.filter(employee_id="E100", disabled_at=None).exists()
        assert Employee.objects.count() == 201

    def test_a_group_that_loses_everybody_is_not_believed(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        run(staff, now)
        self.regroup(staff, 0, range(0))
        self.regroup(staff, 2, range(0))
        assert run(staff, now + HOUR).stopped
        assert disabled() == {}

    def test_an_account_switched_off_is_not_let_in_by_its_group(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        run(staff, now)
        self.regroup(staff, 2, range(201, 300))
        run(staff, now + HOUR)
        change(staff, 200, enabled=False)
        run(staff, now + 2 * HOUR)
        self.regroup(staff, 2, range(200, 300))
        run(staff, now + 3 * HOUR)
        assert disabled() == {"E200": "directory"}


class TestOneAtATime:
    """A lease keeps runs apart, and gives way when its holder is dead."""

    def test_a_second_run_does_nothing_while_one_is_at_it(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        assert lease.take() is not None
        assert sync.run(directory=staff, now=now) is None

    def test_a_killed_runs_lease_ends_and_the_next_one_does_it_all(
        self, staff: FakeDirectory, now: datetime
    ) -> None:
        taken = lease.take()
        assert taken is not None
        Synchronisation.objects.update(lease_until=clock.now())
        assert run(staff, now).people == 300
        with pytest.raises(lease.Lost):
            taken[0].assure()
        with pytest.raises(lease.Lost):
            lease.give_back(taken[0], result="complete", known_at=now + HOUR)
        assert state().known_at == now

    def test_who_is_overtaken_in_the_middle_writes_nothing_more(
        self, staff: FakeDirectory, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def overtaken(*_: object, **__: object) -> None:
            Synchronisation.objects.update(lease_token=uuid.uuid4())

        monkeypatch.setattr(merge, "merge_groups", overtaken)
        leave(staff, range(1))
        with pytest.raises(lease.Lost):
            run(staff, now)
        assert state().known_at is None


def test_the_command_says_why_nobody_was_disabled_and_takes_an_override(
    staff: FakeDirectory,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(choose, "configured", lambda: staff)
    call_command("sync_directory")
    assert "300 people (300 new" in capsys.readouterr().out
    leave(staff, range(60))
    with pytest.raises(CommandError, match="60 people are missing"):
        call_command("sync_directory")
    call_command("sync_directory", "--allow-absent")
    assert len(disabled()) == 60


def test_sessions_of_a_leaver_are_closed(staff: FakeDirectory, now: datetime) -> None:
    from accounts import sessions
    from tests.accounts.conftest import phone

    run(staff, now)
    leaver = Employee.objects.get(employee_id="E0")
    sessions.open_session(employee_id=leaver.pk, claim=phone(), client_address="", now=now)
    leave(staff, range(1))
    run(staff, now + HOUR)
    assert Device.objects.get(employee=leaver).closed_reason == "account_disabled"
