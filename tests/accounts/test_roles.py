"""Roles are given and taken back on the record, by people and by groups of the directory."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import audit, rights, roles
from accounts.models import AuditEvent, Group, GroupRole, RoleGrant, Staff, Subsystem
from accounts.roles import Terms
from hub.lib import errors

ROOT = audit.Actor("staff", "4711")
FINANCE = {"any": [{"department": "Finance"}]}


@pytest.fixture
def eve(db: None) -> Staff:
    """A member of the staff."""
    return Staff.objects.create_user("eve", is_staff=True)


@pytest.fixture
def operators(db: None, now: datetime) -> Group:
    """A group of the directory."""
    return Group.objects.create(
        object_guid=uuid.uuid4(), name="Hub Operators", seen_in_directory_at=now
    )


def held(staff: Staff) -> set[tuple[str, str]]:
    return set(RoleGrant.objects.filter(staff=staff).values_list("role", "source"))


def test_a_role_is_given_changed_and_taken_back_on_the_record(
    eve: Staff, payroll: Subsystem, now: datetime
) -> None:
    terms = Terms("sender", subsystem_id=payroll.pk)
    grant = roles.give(staff_id=eve.pk, terms=terms, actor=ROOT, now=now)
    roles.give(staff_id=eve.pk, terms=terms, actor=ROOT, now=now)  # nothing new: no event
    narrower = Terms("sender", subsystem_id=payroll.pk, ceiling=FINANCE)
    roles.give(staff_id=eve.pk, terms=narrower, actor=ROOT, now=now)
    assert held(eve) == {("sender", "hand")}
    roles.take_back(grant_id=grant.pk, actor=ROOT, now=now)
    assert held(eve) == set()
    events = AuditEvent.objects.filter(subject_kind="staff", subject_id=str(eve.pk)).order_by("pk")
    told = {"role": "sender", "subsystem_id": str(payroll.pk), "source": "hand"}
    assert [(event.action, event.data) for event in events] == [
        ("role_given", told),
        ("role_changed", {**told, "ceiling": FINANCE}),
        ("role_taken_back", {**told, "ceiling": FINANCE}),
    ]
    assert {(event.actor_kind, event.actor_id) for event in events} == {("staff", "4711")}


def test_nobody_gives_a_role_to_themselves(eve: Staff, now: datetime) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        roles.give(
            staff_id=eve.pk, terms=Terms("administrator"), now=now,
            actor=audit.Actor("staff", str(eve.pk)),
        )  # fmt: skip
    assert [error.code for error in refusal.value.errors] == ["oneself"]
    assert held(eve) == set()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (Terms("king"), "unknown"),
        (Terms("owner"), "required"),
        (Terms("helpdesk", subsystem_id=uuid.uuid4()), "not_here"),
        (Terms("auditor", subsystem_id=uuid.uuid4(), geo="DE"), "not_here"),
        (Terms("auditor", subsystem_id=uuid.uuid4(), affiliate="Alpha"), "not_here"),
        (Terms("administrator", ceiling={"any": []}), "empty"),
        (Terms("administrator", ceiling="everybody"), "not_an_object"),
    ],
)
def test_limits_that_do_not_go_with_the_role_are_refused(
    eve: Staff, terms: Terms, code: str, now: datetime
) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        roles.give(staff_id=eve.pk, terms=terms, actor=ROOT, now=now)
    assert [error.code for error in refusal.value.errors] == [code]


@pytest.mark.parametrize(
    "row", [{"role": "owner"}, {"role": "auditor", "geo": "DE"}, {"role": "helpdesk"}]
)
def test_the_database_refuses_them_too(
    eve: Staff, payroll: Subsystem, row: dict[str, Any], now: datetime
) -> None:
    subsystem = None if row["role"] == "owner" else payroll
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(staff=eve, given_at=now, subsystem=subsystem, **row)


def test_a_group_of_the_directory_gives_its_role_until_the_person_leaves_it(
    eve: Staff, operators: Group, now: datetime
) -> None:
    roles.give(staff_id=eve.pk, terms=Terms("helpdesk"), actor=ROOT, now=now)
    roles.map_group(group="hub operators", terms=Terms("administrator"), actor=ROOT, now=now)
    inside = {operators.object_guid, uuid.uuid4()}
    for _ in range(2):
        roles.from_directory(staff=eve, groups=inside, now=now)
        assert held(eve) == {("helpdesk", "hand"), ("administrator", "directory")}
    roles.from_directory(staff=eve, groups=set(), now=now)
    assert held(eve) == {("helpdesk", "hand")}
    actions = AuditEvent.objects.filter(actor_kind="hub").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["role_given", "role_taken_back"]


def test_another_group_that_gets_the_name_gives_nobody_a_role(
    eve: Staff, operators: Group, now: datetime
) -> None:
    roles.map_group(group="Hub Operators", terms=Terms("administrator"), actor=ROOT, now=now)
    Group.objects.filter(pk=operators.pk).update(name="Retired")
    namesake = Group.objects.create(
        object_guid=uuid.uuid4(), name="Hub Operators", seen_in_directory_at=now
    )
    roles.from_directory(staff=eve, groups={namesake.object_guid}, now=now)
    assert held(eve) == set()


def test_a_mapping_that_is_removed_takes_its_roles_along_unless_another_group_gives_them(
    eve: Staff, operators: Group, now: datetime
) -> None:
    second = Group.objects.create(object_guid=uuid.uuid4(), name="Admins", seen_in_directory_at=now)
    made = [
        roles.map_group(group=name, terms=Terms("administrator"), actor=ROOT, now=now)
        for name in ("Hub Operators", "Admins")
    ]
    roles.from_directory(staff=eve, groups={operators.object_guid, second.object_guid}, now=now)
    roles.unmap_group(group_role_id=made[0].pk, actor=ROOT, now=now)
    assert held(eve) == {("administrator", "directory")}
    roles.unmap_group(group_role_id=made[1].pk, actor=ROOT, now=now)
    assert held(eve) == set()
    assert not GroupRole.objects.exists()


def test_what_the_directory_gave_is_not_taken_back_by_hand(
    eve: Staff, operators: Group, now: datetime
) -> None:
    roles.map_group(group="Hub Operators", terms=Terms("helpdesk"), actor=ROOT, now=now)
    roles.from_directory(staff=eve, groups={operators.object_guid}, now=now)
    with pytest.raises(errors.Invalid):
        roles.take_back(grant_id=RoleGrant.objects.get().pk, actor=ROOT, now=now)


def test_an_unknown_group_and_one_mapped_already_are_refused(
    operators: Group, now: datetime
) -> None:
    for group, code in (
        ("Hub Operators", None),
        ("Hub Operators", "taken"),
        ("X", "unknown"),
    ):
        try:
            roles.map_group(group=group, terms=Terms("helpdesk"), actor=ROOT, now=now)
            refused = None
        except errors.Invalid as refusal:
            refused = refusal.errors[0].code
        assert refused == code


def test_an_administrator_gives_roles_by_the_pages_and_not_to_themselves(
    eve: Staff, payroll: Subsystem, now: datetime
) -> None:
    roles.give(staff_id=eve.pk, terms=Terms("administrator"), actor=ROOT, now=now)
    frank = Staff.objects.create_user("frank", is_staff=True)
    client = Client()
    client.force_login(eve)
    page = reverse("admin:accounts_rolegrant_found", args=["give"])
    form = {"role": "sender", "subsystem": str(payroll.pk), "ceiling": '{"any": [{"geo": "DE"}]}'}
    assert client.post(page, {**form, "staff": "frank"}).status_code == 302
    grant = RoleGrant.objects.get(staff=frank)
    assert (grant.role, grant.ceiling, grant.given_by) == (
        "sender", {"any": [{"geo": "DE"}]}, str(eve.pk),
    )  # fmt: skip
    refused = client.post(page, {**form, "staff": "eve"})
    assert refused.status_code == 422
    assert "to themselves" in refused.content.decode()
    assert client.post(page, {**form, "staff": "nobody"}).status_code == 422
    took = reverse("admin:accounts_rolegrant_act", args=[grant.pk, "take-back"])
    assert client.post(took).status_code == 302
    assert held(frank) == set()


def test_a_superuser_may_do_everything_and_a_stranger_nothing(
    eve: Staff, payroll: Subsystem
) -> None:
    root = Staff.objects.create_superuser("root")
    assert rights.may(root, "change", payroll)
    assert not rights.may(eve, "view", payroll)
    assert rights.roles_that("limit", Subsystem) == {"administrator"}
