"""A session is carried by tokens that expire, rotate, and give away their own theft."""

import threading
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from accounts import activation, audit, devices, people, refusals, rotation, sessions
from accounts.audit import HUB
from accounts.directory import refusals as directory_refusals
from accounts.models import Activation, AuditEvent, Device, Employee, RefreshToken
from tests.accounts.conftest import FakeDirectory, person, phone
from tests.accounts.parallel import in_parallel

DAY = timedelta(days=1)


def sign_in(
    who: Employee, now: datetime, *, echoes: bool = True, **claim: object
) -> sessions.Opened:
    """On a phone that sends back the code which is pushed to it, unless it does not."""
    opened = sessions.open_session(
        employee_id=who.pk, claim=phone(**claim), client_address="192.0.2.7", now=now
    )
    if echoes:
        echo(opened, now)
    return opened


def code(opened: sessions.Opened) -> str | None:
    """What is pushed to the address that this session named."""
    asked = Activation.objects.filter(device_id=opened.device_id).first()
    return None if asked is None else activation.code_of(asked.pk)


def echo(opened: sessions.Opened, now: datetime, *, said: str | None = None) -> None:
    said = said or code(opened)
    if said is not None:
        actor = audit.Actor("employee", str(opened.employee_id))
        session = devices.Session(opened.device_id, opened.employee_id)
        activation.echo(session=session, code=said, actor=actor, now=now)


def refresh(
    text: str, directory: FakeDirectory, now: datetime, app: rotation.App = rotation.UNCHANGED
) -> sessions.Opened:
    return rotation.refresh(text=text, directory=directory, client_address="", now=now, app=app)


def speaks(text: str, now: datetime) -> devices.Session:
    return sessions.authenticate_access(text=text, client_address="192.0.2.8", now=now)


def test_an_access_token_speaks_for_its_employee_until_it_is_a_day_old(
    alice: Employee, now: datetime, django_assert_num_queries: object
) -> None:
    opened = sign_in(alice, now)
    with django_assert_num_queries(1):  # type: ignore[operator]
        session = speaks(opened.pair.access, now)
    assert session == devices.Session(opened.device_id, alice.pk)
    speaks(opened.pair.access, now + DAY - timedelta(seconds=1))
    with pytest.raises(refusals.TokenExpired):
        speaks(opened.pair.access, now + DAY)


def test_no_token_and_no_network_address_can_be_read_in_the_database(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now, push_address="push-secret")
    rows = repr([list(model.objects.values()) for model in (Device, RefreshToken, AuditEvent)])
    shown = rows + repr(opened)
    for secret in (opened.pair.access, opened.pair.refresh, "push-secret", "192.0.2.7"):
        assert secret not in shown
    assert Device.objects.get().last_address == "192.0.2.7"
    assert devices.open_address(device=Device.objects.get()) == "push-secret"


@pytest.mark.parametrize("text", ["", "hub_rt_x", "hub_sk_" + "0" * 49, "hub_at_" + "\0" * 49])
def test_what_is_no_access_token_is_refused(db: None, now: datetime, text: str) -> None:
    with pytest.raises(refusals.NotAuthenticated):
        speaks(text, now)


def test_when_and_from_where_is_written_at_most_every_five_minutes(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now)
    speaks(opened.pair.access, now + timedelta(minutes=4))
    assert Device.objects.get().last_seen_at == now
    speaks(opened.pair.access, now + timedelta(minutes=5))
    device = Device.objects.get()
    assert (device.last_seen_at, device.last_address) == (now + timedelta(minutes=5), "192.0.2.8")


def test_a_refresh_gives_a_new_pair_and_ends_the_old_access_token(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    first = sign_in(alice, now).pair
    second = refresh(first.refresh, directory, now + DAY).pair
    assert len({first.access, first.refresh, second.access, second.refresh}) == 4
    speaks(second.access, now + DAY)
    with pytest.raises(refusals.NotAuthenticated):
        speaks(first.access, now)
    assert second.access_expires_at == now + 2 * DAY
    assert second.refresh_expires_at == now + 8 * DAY
    assert second.session_expires_at == now + 30 * DAY


def test_a_phone_whose_answer_was_lost_gets_the_very_same_pair_within_a_minute(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    first = sign_in(alice, now).pair
    second = refresh(first.refresh, directory, now).pair
    again = refresh(first.refresh, directory, now + timedelta(seconds=60)).pair
    assert again == second
    assert RefreshToken.objects.count() == 2


def test_a_parent_after_the_grace_ends_the_session_with_an_alert(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    first = sign_in(alice, now, push_address="address").pair
    second = refresh(first.refresh, directory, now).pair
    with pytest.raises(refusals.SessionRevoked) as refusal:
        refresh(first.refresh, directory, now + timedelta(seconds=61))
    assert refusal.value.data == {"reason": "token_reused", "wipe": True}
    with pytest.raises(refusals.SessionRevoked):
        speaks(second.access, now)
    with pytest.raises(refusals.SessionRevoked):
        refresh(second.refresh, directory, now)
    assert AuditEvent.objects.filter(action="refresh_token_reused").count() == 1
    assert devices.open_address(device=Device.objects.get()) is None


def test_when_a_phone_was_first_told_to_wipe_is_kept(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    speaking = sign_in(alice, now, installation="a")
    refreshing = sign_in(alice, now, installation="b")
    session = speaks(speaking.pair.access, now)
    sessions.logout_everywhere(session=session, now=now)
    assert not Device.objects.exclude(wipe_told_at=None).exists()
    for minutes in (1, 2):
        moment = now + timedelta(minutes=minutes)
        with pytest.raises(refusals.SessionRevoked):
            speaks(speaking.pair.access, moment)
        with pytest.raises(refusals.SessionRevoked):
            refresh(refreshing.pair.refresh, directory, moment)
    told = set(Device.objects.values_list("wipe_told_at", flat=True))
    assert told == {now + timedelta(minutes=1)}


def test_an_app_below_the_least_version_refreshes_only_once_it_is_updated(
    alice: Employee, directory: FakeDirectory, now: datetime, settings: LazySettings
) -> None:
    first = sign_in(alice, now, app_version="2.9.1", os_version="15").pair
    settings.APP_VERSION_LEAST = {"android": "2.10"}
    for app in (rotation.App(), rotation.App(app_version="2.9.9"), rotation.App(app_version="")):
        with pytest.raises(refusals.UpgradeRequired) as refusal:
            refresh(first.refresh, directory, now, app)
        assert refusal.value.data == {"least": "2.10"}
    speaks(first.access, now)
    updated = rotation.App(app_version="2.10.0", os_version="16")
    second = refresh(first.refresh, directory, now, updated).pair
    refresh(second.refresh, directory, now)
    device = Device.objects.get()
    assert (device.app_version, device.os_version) == ("2.10.0", "16")


def test_a_grandparent_ends_the_session_even_within_the_grace(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    first = sign_in(alice, now).pair
    second = refresh(first.refresh, directory, now).pair
    third = refresh(second.refresh, directory, now).pair
    with pytest.raises(refusals.SessionRevoked):
        refresh(first.refresh, directory, now)
    with pytest.raises(refusals.SessionRevoked):
        speaks(third.access, now)


def test_a_session_ends_after_a_week_without_use_and_after_thirty_days_of_use(
    alice: Employee, bob: Employee, directory: FakeDirectory, now: datetime
) -> None:
    idle = sign_in(alice, now, installation="a").pair
    with pytest.raises(refusals.SessionRevoked) as refusal:
        refresh(idle.refresh, directory, now + 7 * DAY)
    assert refusal.value.data == {"reason": "expired", "wipe": True}
    used = sign_in(bob, now, installation="b").pair
    for day in range(6, 30, 6):
        used = refresh(used.refresh, directory, now + day * DAY).pair
    used = refresh(used.refresh, directory, now + 29.5 * DAY).pair
    assert used.access_expires_at == used.session_expires_at == now + 30 * DAY
    with pytest.raises(refusals.SessionRevoked):
        refresh(used.refresh, directory, now + 30 * DAY)


def test_a_refresh_of_somebody_switched_off_in_the_directory_disables_them(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    tokens = sign_in(alice, now).pair
    directory.add(person(alice, enabled=False))
    for _ in range(2):
        with pytest.raises(directory_refusals.AccountDisabled):
            refresh(tokens.refresh, directory, now)
    with pytest.raises(directory_refusals.AccountDisabled):
        speaks(tokens.access, now)
    alice.refresh_from_db()
    assert alice.disabled_at == now


def test_sessions_go_on_while_the_directory_does_not_answer(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    tokens = sign_in(alice, now).pair
    directory.refusal = directory_refusals.DirectoryUnavailable()
    speaks(refresh(tokens.refresh, directory, now).pair.access, now)


def test_somebody_absent_from_the_directory_is_refused_but_not_disabled(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    tokens = sign_in(alice, now).pair
    everybody, directory.persons = directory.persons, {}
    with pytest.raises(directory_refusals.AccountDisabled):
        refresh(tokens.refresh, directory, now)
    directory.persons = everybody
    refresh(tokens.refresh, directory, now)


def test_disabling_ends_sessions_and_pushes_at_once(alice: Employee, now: datetime) -> None:
    opened = sign_in(alice, now, push_address="address")
    assert people.set_disabled(employee_id=alice.pk, reason="left", actor=HUB, now=now)
    assert not people.set_disabled(employee_id=alice.pk, reason="left", actor=HUB, now=now)
    device = Device.objects.get()
    assert (device.closed_reason, device.push_address) == ("account_disabled", None)
    with pytest.raises(directory_refusals.AccountDisabled):
        speaks(opened.pair.access, now)
    with pytest.raises(directory_refusals.AccountDisabled):
        sign_in(alice, now)
    assert people.set_enabled(employee_id=alice.pk, actor=HUB, now=now)
    with pytest.raises(refusals.SessionRevoked):
        speaks(opened.pair.access, now)


def test_a_sign_in_on_the_same_phone_replaces_the_session_of_whoever_had_it(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    first = sign_in(alice, now, push_address="address")
    second = sign_in(bob, now, push_address="address")
    with pytest.raises(refusals.SessionRevoked) as refusal:
        speaks(first.pair.access, now)
    assert refusal.value.data == {"reason": "replaced", "wipe": True}
    assert Device.objects.get(closed_at=None).pk == second.device_id
    assert devices.open_address(device=Device.objects.get(pk=second.device_id)) == "address"


def test_logging_out_everywhere_ends_ones_own_sessions_only(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    mine = [sign_in(alice, now, installation=name).pair.access for name in "ab"]
    his = sign_in(bob, now, installation="c").pair.access
    assert sessions.logout_everywhere(session=speaks(mine[0], now), now=now) == 2
    for text in mine:
        with pytest.raises(refusals.SessionRevoked):
            speaks(text, now)
    speaks(his, now)


@pytest.mark.django_db(transaction=True)
def test_ten_refreshes_at_once_all_get_the_same_pair(
    alice: Employee, directory: FakeDirectory, now: datetime
) -> None:
    first = sign_in(alice, now).pair
    directory.gate = threading.Barrier(10)
    opened = in_parallel(10, lambda _: refresh(first.refresh, directory, now))
    assert {type(one) for one in opened} == {sessions.Opened}
    assert len({one.pair.refresh for one in opened}) == 1  # type: ignore[attr-defined]
    assert RefreshToken.objects.filter(spent_at=None).count() == 1
    speaks(opened[0].pair.access, now)  # type: ignore[attr-defined]
