"""A stranger who uses up a name's tries keeps nobody off their phone, and a sprayer is noticed."""

import ipaddress
import logging
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from accounts import devices, refusals, retention, spraying
from accounts import sign_in as door
from accounts.audit import HUB
from accounts.directory import refusals as directory_refusals
from accounts.models import (
    AuditEvent,
    Device,
    Employee,
    SignInAlarm,
    SignInBudget,
    SignInSource,
    Staff,
)
from hub import health
from tests.accounts.conftest import FakeDirectory, phone
from tests.accounts.parallel import in_parallel

OFFICE, ATTACKER = "192.0.2.7", "203.0.113.9"


def attempt(
    directory: FakeDirectory,
    now: datetime,
    *,
    name: str = "alice",
    password: str = "wrong",
    installation: str = "phone-of-a-stranger",
    address: str = ATTACKER,
) -> str:
    """What became of it, in one word."""
    try:
        door.sign_in(
            directory=directory, user_name=name, password=password,
            device=phone(installation), client_address=address, now=now,
        )  # fmt: skip
    except directory_refusals.InvalidCredentials:
        return "asked"
    except spraying.TooManyNames:
        return "too many names"
    except refusals.TooManyAttempts:
        return "used up"
    return "in"


@pytest.fixture
def known(directory: FakeDirectory, now: datetime) -> str:
    """The installation on which alice is signed in."""
    before = now - timedelta(days=3)
    at = attempt(directory, before, password="right", installation="phone-of-alice", address=OFFICE)
    assert at == "in"
    return "phone-of-alice"


def test_a_stranger_leaves_the_known_phone_its_try_and_both_together_stay_below_the_threshold(
    directory: FakeDirectory, known: str, now: datetime
) -> None:
    binds = directory.binds
    assert [attempt(directory, now) for _ in range(5)] == ["asked"] * 3 + ["used up"] * 2
    assert attempt(directory, now, password="right") == "used up"
    assert attempt(directory, now, password="right", installation=known) == "in"
    assert attempt(directory, now, installation=known) == "asked"
    assert attempt(directory, now, installation=known) == "used up"
    assert directory.binds - binds == 3 + 1 + 1
    assert SignInBudget.objects.get().reserved == 4


def test_a_known_phone_may_use_up_what_no_stranger_has_used(
    directory: FakeDirectory, known: str, now: datetime
) -> None:
    found = [attempt(directory, now, installation=known) for _ in range(5)]
    assert found == ["asked"] * 4 + ["used up"]
    assert attempt(directory, now) == "used up"


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        (Device.ClosedReason.LOGOUT, True),
        (Device.ClosedReason.REVOKED, False),  # as after a loss
        (Device.ClosedReason.TOKEN_REUSED, False),
    ],
)
def test_a_phone_is_known_after_a_logout_but_not_once_it_was_given_up(
    directory: FakeDirectory, known: str, alice: Employee, now: datetime, reason: str, counts: bool
) -> None:
    devices.close_all(employee_id=alice.pk, reason=reason, actor=HUB, now=now)
    assert [attempt(directory, now) for _ in range(3)] == ["asked"] * 3
    expected = "asked" if counts else "used up"
    assert attempt(directory, now, installation=known) == expected


def test_a_phone_is_known_for_who_signed_in_on_it_and_for_nobody_else(
    directory: FakeDirectory, known: str, now: datetime
) -> None:
    found = [attempt(directory, now, name="bob", installation=known) for _ in range(4)]
    assert found == ["asked"] * 3 + ["used up"]


@pytest.mark.django_db(transaction=True)
def test_strangers_and_known_phones_at_once_ask_the_directory_four_times(
    directory: FakeDirectory, known: str, now: datetime
) -> None:
    binds = directory.binds
    installations = [known, "phone-of-a-stranger"]
    found = in_parallel(
        40, lambda number: attempt(directory, now, installation=installations[number % 2])
    )
    assert found.count("asked") == directory.binds - binds == 4
    assert attempt(directory, now, installation=known) == "used up"


def test_one_address_may_fail_with_so_many_names_and_no_more(
    directory: FakeDirectory, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 5
    spray = [attempt(directory, now, name=f"user{number}") for number in range(500)]
    assert spray == ["asked"] * 5 + ["too many names"] * 495
    assert directory.binds == 5
    # A name that failed there before may go on; from elsewhere, any name may.
    assert attempt(directory, now, name="user0") == "asked"
    assert attempt(directory, now, name="user7", address=OFFICE) == "asked"
    later = now + settings.SIGN_IN_WINDOW
    assert attempt(directory, later, name="user8") == "asked"


def test_a_name_refused_for_its_address_has_used_no_try(
    directory: FakeDirectory, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 1
    attempt(directory, now, name="bob")
    for _ in range(10):
        assert attempt(directory, now) == "too many names"
    found = [attempt(directory, now, address=OFFICE) for _ in range(4)]
    assert found == ["asked"] * 3 + ["used up"]


@pytest.mark.django_db(transaction=True)
def test_a_spray_at_once_gets_no_further(
    directory: FakeDirectory, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 5
    found = in_parallel(40, lambda number: attempt(directory, now, name=f"user{number}"))
    assert (found.count("asked"), found.count("too many names")) == (5, 35)
    assert SignInAlarm.objects.get().tries == 35


def test_right_passwords_and_known_phones_do_not_count_against_an_address(
    directory: FakeDirectory, known: str, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 1
    for name in ("alice", "bob", "dana"):
        new = f"new phone of {name}"
        assert attempt(directory, now, name=name, password="right", installation=new) == "in"
    assert attempt(directory, now, installation=known) == "asked"
    assert not SignInSource.objects.exists()
    assert attempt(directory, now, name="bob") == "asked"
    assert attempt(directory, now, name="dana", password="right") == "too many names"
    assert attempt(directory, now, password="right", installation=known) == "in"


def test_a_directory_that_fails_counts_no_name(
    directory: FakeDirectory, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 1
    assert attempt(directory, now, name="bob") == "asked"
    directory.refusal = directory_refusals.DirectoryUnavailable()
    for name in ("bob", "alice"):
        with pytest.raises((directory_refusals.DirectoryUnavailable, spraying.TooManyNames)):
            door.sign_in(
                directory=directory, user_name=name, password="x", device=phone("new"),
                client_address=ATTACKER, now=now,
            )  # fmt: skip
    # bob had failed before, so he still counts.
    assert SignInSource.objects.count() == 1


def test_an_address_of_ipv6_is_counted_with_its_neighbours_and_none_at_all_not(
    directory: FakeDirectory, settings: LazySettings, now: datetime
) -> None:
    settings.SIGN_IN_NAMES = 1
    near, same, far = (
        str(ipaddress.ip_address(one))
        for one in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    )
    assert attempt(directory, now, name="u1", address=near) == "asked"
    assert attempt(directory, now, name="u2", address=same) == "too many names"
    assert attempt(directory, now, name="u3", address=far) == "asked"
    assert attempt(directory, now, name="u4", address="") == "asked"
    assert attempt(directory, now, name="u5", address="") == "asked"


class TestTheAlarm:
    """Told once, in the log without the address, in the admin with it."""

    @pytest.fixture
    def sprayed(self, directory: FakeDirectory, settings: LazySettings, now: datetime) -> None:
        settings.SIGN_IN_NAMES = 2
        for number in range(6):
            attempt(directory, now, name=f"user{number}")

    def test_it_is_logged_and_audited_once_and_shows_no_name_and_no_address(
        self, directory: FakeDirectory, settings: LazySettings, now: datetime,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        caplog.set_level(logging.DEBUG)
        settings.SIGN_IN_NAMES = 2
        for number in range(6):
            attempt(directory, now, name=f"user{number}")
        assert caplog.text.count("sign_in_spraying") == 1
        assert AuditEvent.objects.filter(action="sign_in_spraying").count() == 1
        kept = caplog.text + repr(list(AuditEvent.objects.values()))
        kept += repr(list(SignInAlarm.objects.values())) + repr(list(SignInSource.objects.values()))
        assert ATTACKER not in kept
        assert "user5" not in kept

    @pytest.mark.usefixtures("sprayed")
    def test_staff_see_from_where_and_the_look_is_on_the_record(self) -> None:
        alarm = SignInAlarm.objects.get()
        assert (alarm.address, alarm.tries) == (ATTACKER, 4)
        root = Client()
        root.force_login(Staff.objects.create_superuser("root"))
        page = root.get(reverse("admin:accounts_signinalarm_changelist"))
        assert ATTACKER in page.content.decode()
        assert (
            root.get(reverse("admin:accounts_signinalarm_change", args=[alarm.pk])).status_code
            == 200
        )
        assert AuditEvent.objects.filter(action="personal_data_read").count() == 2

    @pytest.mark.usefixtures("sprayed")
    def test_the_health_page_says_so_while_it_goes_on(
        self, settings: LazySettings, now: datetime
    ) -> None:
        assert not health.look().sign_in.ok
        assert spraying.alarms_on(now=now) == 1
        assert spraying.alarms_on(now=now + settings.SIGN_IN_WINDOW) == 0

    @pytest.mark.usefixtures("sprayed")
    def test_a_spray_after_a_quiet_window_is_a_new_alarm(
        self, directory: FakeDirectory, settings: LazySettings, now: datetime
    ) -> None:
        later = now + 2 * settings.SIGN_IN_WINDOW
        for number in range(3):
            attempt(directory, later, name=f"user{number}")
        alarm = SignInAlarm.objects.get()
        assert (alarm.began_at, alarm.tries) == (later, 1)
        assert AuditEvent.objects.filter(action="sign_in_spraying").count() == 2

    def test_names_that_fail_from_everywhere_raise_it_too_and_nobody_is_refused_for_it(
        self, directory: FakeDirectory, settings: LazySettings, now: datetime
    ) -> None:
        settings.SIGN_IN_ALARM_NAMES = 5
        for number in range(5):
            address = f"198.51.100.{number}"
            assert attempt(directory, now, name=f"user{number}", address=address) == "asked"
        assert not SignInAlarm.objects.exists()
        assert attempt(directory, now, name="user5", address=OFFICE) == "asked"
        assert SignInAlarm.objects.get().address is None
        assert attempt(directory, now, password="right", address=OFFICE) == "in"

    @pytest.mark.usefixtures("sprayed")
    def test_it_is_kept_for_ninety_days_and_the_names_for_two_windows(
        self, settings: LazySettings, now: datetime
    ) -> None:
        retention.purge(now=now + settings.SIGN_IN_WINDOW)
        assert SignInSource.objects.count() == 2
        retention.purge(now=now + 3 * settings.SIGN_IN_WINDOW)
        assert not SignInSource.objects.exists()
        assert SignInAlarm.objects.exists()
        retention.purge(now=now + timedelta(days=91))
        assert not SignInAlarm.objects.exists()
