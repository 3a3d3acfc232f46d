"""A decision asks the directory at once; a directory that is silent disables nobody."""

from datetime import datetime, timedelta

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from accounts import sessions, standing
from accounts.directory import choose
from accounts.directory.refusals import AccountDisabled, DirectoryUnavailable
from accounts.models import Device, Employee, Subsystem
from hub.lib import clock
from tests.accounts.conftest import FakeDirectory, person, phone


def confirm(directory: FakeDirectory, who: Employee, now: datetime, **more: bool) -> None:
    standing.confirm(employee_id=who.pk, directory=directory, now=now, **more)


def test_an_account_that_stands_is_believed_for_a_minute(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    for seconds in (0, 30, 59):
        confirm(directory, alice, now + timedelta(seconds=seconds))
    assert directory.lookups == 1
    confirm(directory, alice, now + timedelta(seconds=60))
    assert directory.lookups == 2


def test_an_account_switched_off_ends_with_its_sessions_in_that_moment(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    sessions.open_session(employee_id=alice.pk, claim=phone(), client_address="", now=now)
    directory.add(person(alice, enabled=False))
    with pytest.raises(AccountDisabled):
        confirm(directory, alice, now)
    alice.refresh_from_db()
    assert alice.disabled_at == now
    assert Device.objects.get(employee=alice).closed_reason == "account_disabled"


def test_somebody_the_directory_does_not_have_is_refused_and_not_disabled(
    directory: FakeDirectory, charlie: Employee, now: datetime
) -> None:
    with pytest.raises(AccountDisabled):
        confirm(directory, charlie, now)
    charlie.refresh_from_db()
    assert charlie.disabled_at is None


def test_somebody_out_of_the_required_group_is_refused_and_not_disabled(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    directory.add(person(alice, admitted=False))
    with pytest.raises(AccountDisabled):
        confirm(directory, alice, now)
    alice.refresh_from_db()
    assert alice.disabled_at is None


def test_a_silent_directory_lets_a_decision_pass_and_is_not_asked_again_for_a_while(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    directory.refusal = DirectoryUnavailable()
    for seconds in (0, 1, 4):
        confirm(directory, alice, now + timedelta(seconds=seconds))
    assert directory.lookups == 1
    directory.refusal = None
    directory.add(person(alice, enabled=False))
    with pytest.raises(AccountDisabled):
        confirm(directory, alice, now + timedelta(seconds=5))


def test_a_step_up_is_refused_while_the_directory_is_silent(
    directory: FakeDirectory, alice: Employee, now: datetime
) -> None:
    directory.refusal = DirectoryUnavailable()
    confirm(directory, alice, now)
    with pytest.raises(DirectoryUnavailable):
        confirm(directory, alice, now, fail_closed=True)
    alice.refresh_from_db()
    assert alice.disabled_at is None


def test_an_answer_by_the_api_is_refused_once_the_account_is_off(
    directory: FakeDirectory, alice: Employee, payroll: Subsystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "configured", lambda: directory)
    opened = sessions.open_session(
        employee_id=alice.pk, claim=phone(), client_address="", now=clock.now()
    )
    client = APIClient(headers={"Authorization": f"Bearer {opened.pair.access}"})
    path = f"/api/v1/me/inbox/{alice.pk}/response"
    answer = {"verb": "approve", "version": 1}
    assert client.post(path, answer, format="json").json()["code"] == "not_found"
    directory.add(person(alice, enabled=False))
    with override_settings(STANDING_CACHE=timedelta(0)):
        assert client.post(path, answer, format="json").json()["code"] == "account_disabled"
    assert client.get("/api/v1/me/inbox").json()["code"] == "account_disabled"
