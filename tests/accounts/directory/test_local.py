"""The directory in a file."""

import dataclasses
import json
import os
import stat
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth import hashers

from accounts.directory import local, refusals
from accounts.directory.port import Group, Person
from hub.lib.errors import HubError
from tests.accounts.directory import reading

ALICE = Person(
    object_guid=uuid.UUID(int=1),
    user_name="alice",
    employee_id="E1001",
    mail="alice@corp.example",
    display_name="Alice Abel",
    department="Finance",
    geo="DE",
    title="Accountant",
    manager_guid=uuid.UUID(int=2),
    enabled=True,
)
BOB = dataclasses.replace(
    ALICE, object_guid=uuid.UUID(int=2), user_name="Bob", employee_id="E1002", manager_guid=None
)
ERIN = dataclasses.replace(ALICE, object_guid=uuid.UUID(int=3), user_name="erin", enabled=False)
FRANK = dataclasses.replace(ALICE, object_guid=uuid.UUID(int=4), user_name="frank")
GRACE = dataclasses.replace(ALICE, object_guid=uuid.UUID(int=5), user_name="grace")
GROUPS = [
    Group(uuid.UUID(int=11), "Approvers", frozenset({BOB.object_guid}), frozenset()),
    Group(
        uuid.UUID(int=12), "Staff", frozenset({ALICE.object_guid}), frozenset({uuid.UUID(int=11)})
    ),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "directory.json"
    accounts = [
        local.Account(ALICE, "p\u00e4ss"),
        local.Account(BOB, "other"),
        local.Account(ERIN, "p\u00e4ss"),
        local.Account(FRANK, "p\u00e4ss", must_change=True),
        local.Account(GRACE, "p\u00e4ss", password_expired=True),
    ]
    local.write(path=path, accounts=accounts, groups=GROUPS, hash_iterations=10)
    return path


def refused(path: Path, name: str, password: str) -> type[HubError]:
    with pytest.raises(HubError) as caught:
        local.LocalDirectory(path=path).authenticate(user_name=name, password=password)
    return type(caught.value)


def test_what_was_written_is_read(path: Path) -> None:
    directory = local.LocalDirectory(path=path)
    assert reading.people(directory) == [ALICE, BOB, ERIN, FRANK, GRACE]
    assert reading.groups(directory) == {
        group.name: group.member_guids | group.child_guids for group in GROUPS
    }
    assert reading.present(directory) == {
        one.object_guid for one in (ALICE, BOB, ERIN, FRANK, GRACE)
    }
    assert directory.look_up(object_guid=ERIN.object_guid) == ERIN
    assert directory.look_up(object_guid=uuid.UUID(int=9)) is None


def test_a_right_password_signs_in_whatever_the_case_of_the_name(path: Path) -> None:
    directory = local.LocalDirectory(path=path)
    assert directory.authenticate(user_name="alice", password="p\u00e4ss") == ALICE
    assert directory.authenticate(user_name="BOB", password="other") == BOB


@pytest.mark.parametrize(
    ("name", "password", "refusal"),
    [
        ("alice", "wrong", refusals.InvalidCredentials),
        ("alice", "pa\u0308ss", refusals.InvalidCredentials),  # the same to the eye only
        ("alice", "", refusals.InvalidCredentials),
        ("alice", "p\u00e4ss\0", refusals.InvalidCredentials),
        ("alice", "\ud800", refusals.InvalidCredentials),
        ("nobody", "p\u00e4ss", refusals.InvalidCredentials),
        ("erin", "p\u00e4ss", refusals.AccountDisabled),
        ("erin", "wrong", refusals.InvalidCredentials),
        ("frank", "p\u00e4ss", refusals.PasswordMustChange),
        ("frank", "wrong", refusals.InvalidCredentials),
        ("grace", "p\u00e4ss", refusals.PasswordExpired),
        ("grace", "wrong", refusals.InvalidCredentials),
    ],
)
def test_each_refusal_tells_only_what_the_password_proved(
    path: Path, name: str, password: str, refusal: type[HubError]
) -> None:
    assert refused(path, name, password) is refusal


def test_an_unknown_name_costs_as_many_rounds_of_hashing_as_a_wrong_password(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    real = hashers.PBKDF2PasswordHasher.encode

    def counted(
        self: hashers.PBKDF2PasswordHasher, password: str, salt: str, iterations: int | None = None
    ) -> str:
        rounds.append(iterations or self.iterations)
        return real(self, password, salt, iterations)

    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "encode", counted)
    for name in ("alice", "nobody"):
        assert refused(path, name, "wrong") is refusals.InvalidCredentials
    assert rounds == [10, 10]


def test_an_account_ends_at_its_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    leaving = dataclasses.replace(ALICE, expires_at=ends)
    local.write(path=path, accounts=[local.Account(leaving, "x")], groups=[], hash_iterations=10)
    before = local.LocalDirectory(path=path, now=lambda: ends - timedelta(seconds=1))
    assert reading.people(before) == [leaving]
    after = local.LocalDirectory(path=path, now=lambda: ends)
    assert after.look_up(object_guid=ALICE.object_guid) == dataclasses.replace(
        leaving, enabled=False
    )
    assert reading.people(after) == [dataclasses.replace(leaving, enabled=False)]


def test_only_members_of_the_required_group_and_of_those_inside_it_sign_in(path: Path) -> None:
    directory = local.LocalDirectory(path=path, required_group="approvers")
    assert directory.authenticate(user_name="bob", password="other") == BOB
    with pytest.raises(refusals.NotAdmitted):
        directory.authenticate(user_name="alice", password="p\u00e4ss")
    wider = local.LocalDirectory(path=path, required_group="Staff")
    for guid in (ALICE.object_guid, BOB.object_guid):
        assert wider.look_up(object_guid=guid).admitted


def test_a_person_is_in_every_group_around_theirs(path: Path) -> None:
    directory = local.LocalDirectory(path=path)
    approvers, staff = (group.object_guid for group in GROUPS)
    assert directory.groups_of(object_guid=BOB.object_guid) == {approvers, staff}
    assert directory.groups_of(object_guid=ALICE.object_guid) == {staff}
    assert directory.groups_of(object_guid=uuid.UUID(int=9)) == frozenset()


def test_a_changed_file_is_read_again(path: Path) -> None:
    directory = local.LocalDirectory(path=path)
    assert directory.look_up(object_guid=ALICE.object_guid) == ALICE
    disabled = dataclasses.replace(ALICE, enabled=False)
    local.write(path=path, accounts=[local.Account(disabled, "x")], groups=[], hash_iterations=10)
    assert reading.people(directory) == [disabled]


def test_an_edit_by_hand_is_read_again(path: Path) -> None:
    directory = local.LocalDirectory(path=path)
    assert reading.people(directory)
    document = json.loads(path.read_text())
    document["people"][0]["title"] = "Controller"
    path.write_text(json.dumps(document))
    os.utime(path, ns=(1, 1))
    found = directory.look_up(object_guid=ALICE.object_guid)
    assert found == dataclasses.replace(ALICE, title="Controller")


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"people": [{}], "groups": []}'])
def test_a_missing_or_broken_file_is_a_directory_that_does_not_answer(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "directory.json"
    if content is not None:
        path.write_text(content)
    directory = local.LocalDirectory(path=path)
    with pytest.raises(refusals.DirectoryUnavailable) as caught:
        reading.people(directory)
    assert caught.value.status == 503
    assert caught.value.headers == {"Retry-After": "5"}
    assert refused(path, "alice", "x") is refusals.DirectoryUnavailable


def test_the_file_holds_no_password_and_is_closed_to_others(path: Path) -> None:
    assert "p\u00e4ss" not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_two_people_of_one_name_are_not_written(path: Path) -> None:
    before = path.read_bytes()
    twin = dataclasses.replace(BOB, user_name="ALICE")
    accounts = [local.Account(ALICE, "x"), local.Account(twin, "x")]
    with pytest.raises(ValueError, match="share a user name"):
        local.write(path=path, accounts=accounts, groups=[], hash_iterations=10)
    assert path.read_bytes() == before
