"""Signing in costs the directory a bounded number of failed tries, whoever tries how."""

import logging
import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from accounts import refusals, sessions
from accounts import sign_in as door
from accounts.directory import refusals as directory_refusals
from accounts.models import AuditEvent, Device, Employee, SignInBudget
from tests.accounts.conftest import FakeDirectory, person, phone
from tests.accounts.parallel import in_parallel


@pytest.fixture(autouse=True)
def _nothing_kept_for_known_devices(settings: LazySettings) -> None:
    settings.SIGN_IN_TRIES_KEPT = 0  # tests/accounts/test_tries.py


def attempt(
    directory: FakeDirectory, now: datetime, password: str = "wrong", user_name: str = "alice"
) -> door.SignedIn:
    return door.sign_in(
        directory=directory, user_name=user_name, password=password,
        device=phone(), client_address="192.0.2.7", now=now,
    )  # fmt: skip


def test_the_right_password_opens_a_session(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    signed_in = attempt(directory, now, "right")
    assert signed_in.employee == alice
    session = sessions.authenticate_access(text=signed_in.pair.access, client_address="", now=now)
    assert session == signed_in.session
    assert AuditEvent.objects.get(action="signed_in").actor_id == str(alice.pk)
    assert signed_in.pair.refresh not in repr(signed_in)


def test_after_four_wrong_tries_the_directory_is_not_asked_until_the_window_is_over(
    directory: FakeDirectory, now: datetime
) -> None:
    for spelling in ("alice", "Alice", "ALICE", "aLICE"):
        with pytest.raises(directory_refusals.InvalidCredentials):
            attempt(directory, now, user_name=spelling)
    for password in ("wrong", "right"):
        with pytest.raises(refusals.TooManyAttempts) as refusal:
            attempt(directory, now + timedelta(minutes=10), password)
        assert refusal.value.headers["Retry-After"] == "1200"
    assert directory.binds == 4
    attempt(directory, now + timedelta(minutes=30), "right")


def test_two_windows_side_by_side_never_add_up(directory: FakeDirectory, now: datetime) -> None:
    tries = 0
    for minute in range(0, 59, 5):  # one try every five minutes, as a patient guesser would
        try:
            attempt(directory, now + timedelta(minutes=minute))
        except directory_refusals.InvalidCredentials:
            tries += 1
        except refusals.TooManyAttempts:
            pass
    # 0, 5, 10, 15, then a quiet window until 45, and 45 to 55: never five within thirty minutes.
    assert tries == 4 + 3


def test_a_right_password_uses_up_no_try(directory: FakeDirectory, now: datetime) -> None:
    for _ in range(10):
        attempt(directory, now, "right")
    assert SignInBudget.objects.get().reserved == 0


@pytest.mark.parametrize(
    "refusal",
    [
        directory_refusals.PasswordExpired(),
        directory_refusals.PasswordMustChange(),
        directory_refusals.AccountDisabled(),
        directory_refusals.SignInRestricted(),
        directory_refusals.NotAdmitted(),
        directory_refusals.DirectoryUnavailable(),
    ],
)
def test_what_is_not_a_wrong_password_gives_the_try_back(
    directory: FakeDirectory, now: datetime, refusal: Exception
) -> None:
    directory.refusal = refusal
    for _ in range(6):
        with pytest.raises(type(refusal)):
            attempt(directory, now)
    assert not Device.objects.exists()


def test_an_answer_lost_after_the_password_was_sent_costs_the_try(
    directory: FakeDirectory, now: datetime
) -> None:
    # The directory may have counted it: giving it back would let the two counts part.
    directory.refusal = directory_refusals.DirectoryUnavailable(may_have_counted=True)
    for _ in range(4):
        with pytest.raises(directory_refusals.DirectoryUnavailable):
            attempt(directory, now)
    with pytest.raises(refusals.TooManyAttempts):
        attempt(directory, now)


def test_a_crash_while_the_directory_is_asked_costs_the_try(
    directory: FakeDirectory, now: datetime
) -> None:
    directory.refusal = RuntimeError()
    with pytest.raises(RuntimeError):
        attempt(directory, now)
    assert SignInBudget.objects.get().reserved == 1


@pytest.mark.parametrize(
    ("user_name", "password"),
    [
        ("alice", ""),
        ("alice", "right\0"),
        ("alice", "\ud800"),
        ("*", "x"),
        ("a)(b", "x"),
        ("", "x"),
    ],
)
def test_what_cannot_be_right_is_never_sent_to_the_directory(
    directory: FakeDirectory, now: datetime, user_name: str, password: str
) -> None:
    with pytest.raises(directory_refusals.InvalidCredentials):
        attempt(directory, now, password, user_name)
    assert directory.binds == 0


def test_neither_name_nor_password_is_logged_or_kept(
    directory: FakeDirectory, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(6):
        with pytest.raises((directory_refusals.InvalidCredentials, refusals.TooManyAttempts)):
            attempt(directory, now, "hunter2", "mallory")
    kept = caplog.text + repr(list(SignInBudget.objects.values()))
    kept += repr(list(AuditEvent.objects.values()))
    assert "hunter2" not in kept
    assert "mallory" not in kept


def test_a_newcomer_is_added_with_their_manager(
    directory: FakeDirectory, dana: Employee, now: datetime
) -> None:
    newcomer = person(
        dana, object_guid=uuid.uuid4(), employee_id="E7", user_name="eve", title="x" * 500,
        manager_guid=dana.object_guid,
    )  # fmt: skip
    directory.add(newcomer)
    signed_in = attempt(directory, now, "right", "eve")
    assert signed_in.employee.manager == dana
    assert len(signed_in.employee.title) == 128


def test_an_account_without_employee_id_opens_nothing(
    directory: FakeDirectory, dana: Employee, now: datetime
) -> None:
    directory.add(person(dana, object_guid=uuid.uuid4(), employee_id="", user_name="robot"))
    with pytest.raises(refusals.NotAnEmployee):
        attempt(directory, now, "right", "robot")
    assert not Device.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_wrong_tries_at_once_ask_the_directory_four_times(
    directory: FakeDirectory, now: datetime
) -> None:
    raised = in_parallel(50, lambda _: attempt(directory, now))
    assert directory.binds == 4
    kinds = [type(one) for one in raised]
    assert kinds.count(directory_refusals.InvalidCredentials) == 4
    assert kinds.count(refusals.TooManyAttempts) == 46


@pytest.mark.django_db(transaction=True)
def test_the_directory_is_never_asked_inside_a_transaction(
    directory: FakeDirectory, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    seen: list[bool] = []
    ask = directory.authenticate

    def watched(**names: str) -> object:
        seen.append(connection.in_atomic_block)
        return ask(**names)

    monkeypatch.setattr(directory, "authenticate", watched)
    attempt(directory, now, "right")
    assert seen == [False]
