"""The hub follows a real domain controller: changes, leavers, groups, and the lives of a DC."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import ldap3
import pytest
from django.conf import LazySettings
from django.db import connection

from accounts import sync
from accounts.directory import domain, ldap
from accounts.models import Employee, GroupMember, Synchronisation
from hub.lib import clock
from tests.accounts.directory import reading
from tests.servers import company
from tests.servers.samba import Samba

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(samba: Samba) -> ldap.Config:
    return ldap.Config(
        servers=(samba.host,),
        base_dn=samba.base_dn,
        service_dn=samba.service_dn,
        service_password=samba.service_password,
        ca_file=samba.ca_file,
    )


@pytest.fixture
def directory(config: ldap.Config) -> domain.DomainDirectory:
    return domain.DomainDirectory(config=config)


@pytest.fixture
def joiner(samba: Samba) -> Iterator[str]:
    """Somebody who was hired for one test; the name in the directory, which must be gone after."""
    dn = f"CN=Kim Kaya,OU=People,{company.BASE_DN}"
    hire(samba, dn, "kim")
    yield dn
    with samba.administrator() as admin:
        found = admin.extend.standard.paged_search(
            company.BASE_DN, "(sAMAccountName=kim*)", attributes=["cn"]
        )
        for entry in list(found):
            if entry["type"] == "searchResEntry":
                admin.delete(entry["dn"])


def hire(samba: Samba, dn: str, name: str, employee_id: str = "E1100") -> None:
    with samba.administrator() as admin:
        admin.add(
            dn,
            ["user"],
            {
                "sAMAccountName": name,
                "employeeID": employee_id,
                "displayName": "Kim Kaya",
                "department": "IT",
                "c": "IN",
                "manager": company.dn("dana"),
                "unicodePwd": f'"{company.PASSWORD}"'.encode("utf-16-le"),
                "userAccountControl": 0x10200,
            },
        )


def run(directory: domain.DomainDirectory, **more: bool) -> sync.Summary:
    summary = sync.run(directory=directory, now=clock.now(), **more)
    assert summary is not None
    return summary


def settled(directory: domain.DomainDirectory) -> None:
    """Followed so far that the next run reads only what changes from now on."""
    run(directory)
    assert not run(directory).complete


def kim() -> Employee:
    return Employee.objects.get(employee_id="E1100")


def test_a_second_run_reads_only_what_changed(
    samba: Samba, directory: domain.DomainDirectory
) -> None:
    first = run(directory)
    # Ivan's account is over and Erin's is switched off: they never become employees.
    assert (first.complete, first.people, first.new) == (True, 10, 8)
    assert run(directory).people == 0
    samba.change("harry", department="Research")
    try:
        second = run(directory)
        assert (second.complete, second.people, second.changed) == (False, 1, 1)
        assert Employee.objects.get(employee_id="E1008").department == "Research"
    finally:
        samba.change("harry", department="IT")


def test_a_mark_is_of_one_life_of_one_controller(directory: domain.DomainDirectory) -> None:
    mark = reading.mark(directory)
    assert mark is not None
    assert len(mark.source) == 36
    assert reading.people(directory, mark) == []
    for strange in (
        dataclasses.replace(mark, source="another life"),
        dataclasses.replace(mark, number=mark.number + 1000),  # not the life it was
    ):
        assert len(reading.people(directory, strange)) == len(company.PEOPLE)


def test_a_joiner_is_renamed_and_moved_and_stays_the_same_employee(
    samba: Samba, directory: domain.DomainDirectory, joiner: str
) -> None:
    settled(directory)
    before = kim()
    assert before.manager is not None
    assert before.manager.employee_id == "E1000"
    with samba.administrator() as admin:
        admin.modify(joiner, {"sAMAccountName": [(ldap3.MODIFY_REPLACE, ["kim.smith"])]})
        admin.modify_dn(joiner, "CN=Kim Smith", new_superior=f"OU=Groups,{company.BASE_DN}")
    assert run(directory).changed == 1
    after = kim()
    assert (after.pk, after.user_name, after.disabled_at) == (before.pk, "kim.smith", None)


def test_a_deleted_account_is_disabled(
    samba: Samba, directory: domain.DomainDirectory, joiner: str
) -> None:
    settled(directory)
    with samba.administrator() as admin:
        admin.delete(joiner)
    summary = run(directory)
    assert (summary.complete, summary.disabled) == (False, 1)
    assert kim().disabled_reason == "absent"


def test_a_name_used_again_is_another_employee(
    samba: Samba, directory: domain.DomainDirectory, joiner: str
) -> None:
    settled(directory)
    former = kim()
    with samba.administrator() as admin:
        admin.delete(joiner)
    hire(samba, joiner, "kim")
    run(directory)
    former.refresh_from_db()
    assert kim().pk != former.pk
    assert former.employee_id.startswith("former:")
    assert former.disabled_at is not None


def test_an_account_moved_out_of_the_base_is_missed_and_comes_back_with_its_unit(
    samba: Samba, config: ldap.Config, joiner: str
) -> None:
    base = f"OU=People,{company.BASE_DN}"
    directory = domain.DomainDirectory(config=dataclasses.replace(config, base_dn=base))
    settled(directory)
    outside = f"OU=Outside,{company.BASE_DN}"
    with samba.administrator() as admin:
        admin.add(outside, ["organizationalUnit"])
        admin.modify_dn(joiner, "CN=Kim Kaya", new_superior=outside)
    try:
        run(directory)
        assert kim().disabled_reason == "absent"
        # The unit moves back as a whole: none of its people changes at the directory.
        with samba.administrator() as admin:
            admin.modify_dn(outside, "OU=Outside", new_superior=base)
        run(directory)
        run(directory)
        assert kim().disabled_at is None
    finally:
        with samba.administrator() as admin:
            if admin.search(f"OU=Outside,{base}", "(objectClass=*)", ldap3.BASE):
                admin.modify_dn(f"CN=Kim Kaya,OU=Outside,{base}", "CN=Kim Kaya", new_superior=base)
                admin.delete(f"OU=Outside,{base}")


def test_an_account_ends_at_its_last_moment_without_any_change(
    samba: Samba, config: ldap.Config
) -> None:
    ends = clock.now().replace(microsecond=0) + timedelta(days=1)
    ticks = int((ends - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    samba.change("harry", accountExpires=ticks)
    try:
        directory = domain.DomainDirectory(config=config)
        settled(directory)
        assert Employee.objects.get(employee_id="E1008").expires_at == ends
        assert sync.run(directory=directory, now=ends).disabled == 1  # type: ignore[union-attr]
        assert Employee.objects.get(employee_id="E1008").disabled_reason == "expired"
    finally:
        samba.change("harry", accountExpires=0)


def test_who_leaves_a_nested_group_leaves_the_hub_and_the_group_alone_changed(
    samba: Samba, config: ldap.Config, settings: LazySettings
) -> None:
    settings.DIRECTORY_REQUIRED_GROUP = "All Staff"
    directory = domain.DomainDirectory(
        config=dataclasses.replace(config, required_group="All Staff")
    )
    settled(directory)
    assert set(Employee.objects.values_list("user_name", flat=True)) == {"alice", "bob", "dana"}
    dana = Employee.objects.get(user_name="dana")
    looked_up = directory.look_up(object_guid=dana.object_guid)
    assert looked_up is not None
    assert looked_up.admitted
    samba.change("Finance Managers", member=[])  # dana, two groups deep
    try:
        summary = run(directory)
        assert (summary.complete, summary.people, summary.groups) == (False, 0, 1)
        assert summary.disabled == 1
        dana.refresh_from_db()
        assert dana.disabled_reason == "not_admitted"
        looked_up = directory.look_up(object_guid=dana.object_guid)
        assert looked_up is not None
        assert not looked_up.admitted
    finally:
        samba.change("Finance Managers", member=[company.dn("dana")])
    run(directory)
    dana.refresh_from_db()
    assert dana.disabled_at is None


def test_nested_groups_in_a_circle_and_in_pieces_arrive(
    directory: domain.DomainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.directory.reading.MEMBERS_AT_ONCE", 1)
    monkeypatch.setattr(ldap, "PAGE_SIZE", 3)
    run(directory)
    direct = set(
        GroupMember.objects.filter(group__name__startswith="Loop").values_list(
            "group__name", "employee__user_name"
        )
    )
    assert direct == {("Loop A", "alice"), ("Loop B", "charlie")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT parent.name, child.name FROM accounts_groupnesting AS nesting"
            " JOIN accounts_group AS parent ON parent.id = nesting.parent_id"
            " JOIN accounts_group AS child ON child.id = nesting.child_id"
            " WHERE parent.name LIKE 'Loop%'"
        )
        assert set(cursor.fetchall()) == {("Loop A", "Loop B"), ("Loop B", "Loop A")}


def test_a_wrong_base_dn_disables_nobody(
    config: ldap.Config, directory: domain.DomainDirectory
) -> None:
    run(directory)
    elsewhere = dataclasses.replace(config, base_dn=f"OU=Groups,{company.BASE_DN}")
    summary = run(domain.DomainDirectory(config=elsewhere), complete=True)
    assert (summary.people, summary.stopped, summary.missing) == (0, True, 8)
    assert not Employee.objects.exclude(disabled_at=None).exists()
    assert Synchronisation.objects.get().stopped_at is not None
