"""Staff sign in with the directory's password; its groups make them staff, and no longer than that."""

import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import audit, people, roles, staff_sign_in
from accounts.directory import port
from accounts.directory import refusals as directory_refusals
from accounts.models import AuditEvent, Employee, Group, RoleGrant, SignInBudget, Staff
from tests.accounts.conftest import FakeDirectory, person

ROOT = audit.Actor("staff", "4711")


@pytest.fixture(autouse=True)
def _asked(directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = SimpleNamespace(configured=lambda: directory)
    monkeypatch.setattr(staff_sign_in, "choose", asked)


def group(directory: FakeDirectory, name: str, now: datetime, *inside: Employee) -> uuid.UUID:
    """A group of the directory that the hub has read."""
    row = Group.objects.create(object_guid=uuid.uuid4(), name=name, seen_in_directory_at=now)
    members = frozenset(one.object_guid for one in inside)
    directory.all_groups.append(port.Group(row.object_guid, name, members, frozenset()))
    return row.object_guid


@pytest.fixture
def superusers(
    directory: FakeDirectory, settings: LazySettings, alice: Employee, now: datetime
) -> uuid.UUID:
    """alice is in the group of superusers."""
    settings.DIRECTORY_SUPERUSERS_GROUP = "hub superusers"
    return group(directory, "Hub Superusers", now, alice)


@pytest.fixture
def helpdesk(directory: FakeDirectory, bob: Employee, now: datetime) -> uuid.UUID:
    """bob is in a group that gives a role."""
    guid = group(directory, "Hub Helpdesk", now, bob)
    roles.map_group(group="Hub Helpdesk", terms=roles.Terms("helpdesk"), actor=ROOT, now=now)
    return guid


def leave(directory: FakeDirectory) -> None:
    directory.all_groups = []


def enter(name: str, password: str = "right", client: Client | None = None) -> HttpResponse:
    fields = {"username": name, "password": password, "next": reverse("admin:index")}
    return (client or Client()).post(reverse("admin:login"), fields)


def said(response: HttpResponse) -> str:
    assert response.status_code == 200, "signed in"
    return " ".join(response.context["form"].non_field_errors())


def is_in(client: Client) -> bool:
    return client.get(reverse("admin:index")).status_code == 200


WRONG = "Please enter the correct username and password"


@pytest.mark.usefixtures("superusers")
def test_the_group_of_superusers_makes_one_on_the_record(alice: Employee) -> None:
    client = Client()
    assert enter("alice", client=client).status_code == 302
    assert is_in(client)
    staff = Staff.objects.get()
    assert (staff.username, staff.email, staff.object_guid) == (
        "alice", "alice@corp.example", alice.object_guid,
    )  # fmt: skip
    assert (staff.is_staff, staff.is_superuser, staff.has_usable_password()) == (True, True, False)
    actions = AuditEvent.objects.filter(subject_kind="staff").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["staff_created", "staff_signed_in"]


@pytest.mark.usefixtures("helpdesk")
def test_a_group_gives_its_role_and_no_more(bob: Employee) -> None:
    client = Client()
    assert enter("bob", client=client).status_code == 302
    assert list(RoleGrant.objects.values_list("role", "source")) == [("helpdesk", "directory")]
    assert not Staff.objects.get().is_superuser
    assert client.get(reverse("admin:accounts_staff_changelist")).status_code == 403


@pytest.mark.usefixtures("superusers", "helpdesk")
def test_who_is_in_no_such_group_is_told_no_more_than_a_wrong_password() -> None:
    stranger, wrong = said(enter("dana")), said(enter("alice", "wrong"))
    assert WRONG in stranger
    assert stranger == wrong == said(enter("nobody"))
    assert not Staff.objects.exists()


def test_where_no_group_makes_staff_nobodys_password_is_asked(directory: FakeDirectory) -> None:
    assert WRONG in said(enter("alice"))
    assert directory.binds == 0


def test_the_groups_are_looked_at_again_at_every_sign_in(
    directory: FakeDirectory, superusers: uuid.UUID, helpdesk: uuid.UUID
) -> None:
    for name in ("alice", "bob"):
        assert enter(name).status_code == 302
    leave(directory)
    for name in ("alice", "bob"):
        assert WRONG in said(enter(name))
    assert not Staff.objects.filter(is_staff=True).exists()
    assert not Staff.objects.filter(is_superuser=True).exists()
    assert not RoleGrant.objects.exists()
    changed = AuditEvent.objects.filter(action="staff_changed")
    assert [event.data["rights"] for event in changed] == [{"staff": False, "superuser": False}] * 2


@pytest.mark.usefixtures("superusers")
def test_a_role_given_by_hand_outlasts_the_groups(directory: FakeDirectory, now: datetime) -> None:
    enter("alice")
    staff = Staff.objects.get()
    roles.give(staff_id=staff.pk, terms=roles.Terms("auditor"), actor=ROOT, now=now)
    leave(directory)
    assert enter("alice").status_code == 302
    staff.refresh_from_db()
    assert (staff.is_staff, staff.is_superuser) == (True, False)


@pytest.mark.usefixtures("superusers")
def test_a_disabled_account_ends_the_session_with_the_next_request(
    alice: Employee, now: datetime
) -> None:
    client = Client()
    enter("alice", client=client)
    assert is_in(client)
    people.set_disabled(employee_id=alice.pk, reason="directory", actor=audit.HUB, now=now)
    assert not is_in(client)


@pytest.mark.usefixtures("superusers")
def test_who_was_switched_off_by_hand_is_not_brought_back_by_the_directory() -> None:
    enter("alice")
    Staff.objects.update(is_active=False)
    assert WRONG in said(enter("alice"))
    assert not Staff.objects.get().is_active


@pytest.mark.usefixtures("superusers")
def test_an_account_that_is_called_like_somebody_made_by_hand_does_not_become_them() -> None:
    local = Staff.objects.create_superuser("ALICE", password="of her own")
    assert WRONG in said(enter("alice"))
    local.refresh_from_db()
    assert local.object_guid is None
    assert enter("ALICE", "of her own").status_code == 302


@pytest.mark.usefixtures("superusers")
def test_a_renamed_account_stays_the_same_member_of_the_staff(
    directory: FakeDirectory, alice: Employee
) -> None:
    enter("alice")
    directory.add(person(alice, user_name="alice.abel"))
    assert enter("alice.abel").status_code == 302
    assert Staff.objects.get().username == "alice.abel"


@pytest.mark.usefixtures("superusers")
def test_a_password_that_somebody_sets_here_does_not_replace_the_directorys() -> None:
    enter("alice")
    staff = Staff.objects.get()
    staff.set_password("set here")
    staff.save()
    assert WRONG in said(enter("alice", "set here"))


@pytest.mark.usefixtures("superusers")
def test_tries_at_the_administration_count_with_those_of_the_phones(
    directory: FakeDirectory,
) -> None:
    for _ in range(3):
        assert WRONG in said(enter("alice", "wrong"))
    assert "Wait before trying this name again" in said(enter("alice"))
    assert directory.binds == 3
    assert SignInBudget.objects.get().reserved == 3


@pytest.mark.usefixtures("superusers")
@pytest.mark.parametrize(
    "refusal",
    [
        directory_refusals.PasswordExpired(),
        directory_refusals.AccountDisabled(),
        directory_refusals.NotAdmitted(),
        directory_refusals.DirectoryUnavailable(),
    ],
)
def test_what_the_directory_refuses_is_said(directory: FakeDirectory, refusal: Any) -> None:
    directory.refusal = refusal
    assert said(enter("alice")) == refusal.detail
    assert not Staff.objects.exists()


@pytest.mark.usefixtures("superusers")
def test_while_the_directory_is_down_local_staff_get_in_and_sessions_go_on(
    directory: FakeDirectory, now: datetime
) -> None:
    client = Client()
    enter("alice", client=client)
    Staff.objects.create_superuser("root", password="of root")
    directory.refusal = directory_refusals.DirectoryUnavailable()
    assert enter("root", "of root").status_code == 302
    assert is_in(client)


@pytest.mark.usefixtures("superusers")
def test_a_namesake_of_the_group_makes_nobody_a_superuser(
    directory: FakeDirectory, bob: Employee, now: datetime
) -> None:
    group(directory, "HUB SUPERUSERS", now + timedelta(days=1), bob)
    assert WRONG in said(enter("bob"))
    assert WRONG in said(enter("alice"))  # two of that name: neither counts, and the log says so
