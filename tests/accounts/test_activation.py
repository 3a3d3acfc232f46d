"""A push address counts once the code that was pushed to it has come back."""

import threading
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection

from accounts import activation, devices, refusals, sessions
from accounts.audit import HUB
from accounts.models import Activation, AuditEvent, Device, Employee
from hub.lib import errors
from tests.accounts.parallel import in_parallel
from tests.accounts.test_sessions import code, echo, sign_in, speaks

MINUTE = timedelta(minutes=1)


def address_of(opened: sessions.Opened) -> str | None:
    """Where content is pushed to."""
    return devices.open_address(device=Device.objects.get(pk=opened.device_id))


def register(opened: sessions.Opened, address: str, now: datetime) -> bool:
    return activation.register(
        device_id=opened.device_id, address=address, kind="token", actor=HUB, now=now
    )


def is_open(opened: sessions.Opened) -> bool:
    return Device.objects.filter(pk=opened.device_id, closed_at=None).exists()


def test_a_new_address_gets_no_content_until_its_code_has_come_back(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now, echoes=False, push_address="address")
    assert address_of(opened) is None
    echo(opened, now)
    assert address_of(opened) == "address"
    echo(opened, now)  # the answer was lost
    assert address_of(opened) == "address"


def test_neither_the_address_nor_its_code_can_be_read_in_the_database(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now, echoes=False, push_address="push-secret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_activation::text, address FROM accounts_activation")
        text, sealed = cursor.fetchone()
    said = code(opened)
    assert said is not None
    for secret in ("push-secret", said):
        assert secret not in text
        assert secret.encode() not in bytes(sealed)


def test_an_address_that_is_known_is_renewed_without_a_code(alice: Employee, now: datetime) -> None:
    opened = sign_in(alice, now, push_address="address")
    later = now + MINUTE
    assert register(opened, "address", later)
    assert Device.objects.get().push_registered_at == later
    assert not register(opened, "another", later)
    assert address_of(opened) == "address", "the old one goes on until the new one is proved"
    assert register(opened, "address", later), "the new one was a mistake"
    assert not Activation.objects.filter(echoed_at=None).exists()


def test_signing_in_again_on_ones_own_phone_asks_for_no_new_code(
    alice: Employee, now: datetime
) -> None:
    sign_in(alice, now, push_address="address")
    again = sign_in(alice, now, echoes=False, push_address="address")
    assert address_of(again) == "address"
    assert Device.objects.get(closed_at=None).pk == again.device_id


def test_only_the_session_that_named_the_address_can_send_its_code_back(
    alice: Employee, charlie: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, installation="a", echoes=False, push_address="address")
    his = sign_in(charlie, now, installation="c", echoes=False, push_address="address")
    for who, said in ((his, code(hers)), (hers, code(his)), (his, "hub_pe_"), (his, "x" * 56)):
        with pytest.raises(errors.NotFound):
            echo(who, now, said=said)
    assert not Device.objects.exclude(push_address=None).exists()


def test_the_code_of_an_address_that_was_replaced_is_worth_nothing(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now, echoes=False, push_address="first")
    old = code(opened)
    register(opened, "second", now)
    with pytest.raises(errors.NotFound):
        echo(opened, now, said=old)
    echo(opened, now)
    assert address_of(opened) == "second"


def test_registering_the_same_address_again_pushes_the_same_code_but_not_at_once(
    alice: Employee, now: datetime
) -> None:
    opened = sign_in(alice, now, echoes=False, push_address="address")
    said = code(opened)
    Activation.objects.update(due_at=None, sent_at=now)
    register(opened, "address", now + timedelta(seconds=1))
    assert Activation.objects.get().due_at is None
    register(opened, "address", now + MINUTE)
    assert Activation.objects.get().due_at == now + MINUTE
    assert code(opened) == said


def test_a_code_that_does_not_come_back_in_time_is_over(
    alice: Employee, bob: Employee, now: datetime, settings: LazySettings
) -> None:
    late = sign_in(alice, now, installation="a", echoes=False, push_address="address")
    fine = sign_in(bob, now, installation="b", push_address="another")
    over = now + settings.PUSH_ECHO_LIFE
    with pytest.raises(errors.NotFound):
        echo(late, over)
    assert activation.expire(now=over) == 2
    assert not Activation.objects.exists()
    device = Device.objects.get(pk=late.device_id)
    assert (device.push_lost_reason, device.push_lost_at) == ("not_echoed", over)
    assert address_of(fine) == "another"


def test_an_address_leaves_somebody_elses_phone_only_with_proof_and_with_an_audit_event(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, installation="a", push_address="address")
    his = sign_in(bob, now, installation="b", echoes=False, push_address="address")
    assert (address_of(hers), address_of(his)) == ("address", None)
    assert not AuditEvent.objects.filter(action="push_address_moved").exists()
    echo(his, now)
    assert (address_of(hers), address_of(his)) == (None, "address")
    event = AuditEvent.objects.get(action="push_address_moved")
    assert event.data == {"from_device": str(hers.device_id), "from_employee": str(alice.pk)}
    assert event.actor_id == str(bob.pk)
    assert is_open(hers), "another installation: only the address moved"


def test_on_a_phone_that_changes_hands_the_first_session_ends_with_the_echo(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, push_address="address")
    his = sign_in(bob, now, echoes=False, push_address="address")
    assert (address_of(hers), address_of(his)) == (None, None), "nobody reads what is alice's"
    speaks(hers.pair.access, now)
    echo(his, now)
    with pytest.raises(refusals.SessionRevoked):
        speaks(hers.pair.access, now)
    assert address_of(his) == "address"
    assert Device.objects.get(pk=his.device_id).holds_installation


def test_whoever_names_a_colleagues_installation_from_another_phone_ends_nothing(
    alice: Employee, charlie: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, push_address="alices")
    theirs = sign_in(charlie, now, push_address="charlies")  # and echoes their own code
    assert is_open(hers)
    assert address_of(hers) is None, "until her own phone has sent its code back"
    echo(hers, now)
    assert (address_of(hers), address_of(theirs)) == ("alices", "charlies")
    assert Device.objects.get(pk=hers.device_id).holds_installation
    assert not Device.objects.get(pk=theirs.device_id).holds_installation


def test_a_phone_with_a_new_address_proves_by_the_old_ones_code_that_it_is_the_same(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, push_address="old")
    his = sign_in(bob, now, push_address="new")
    assert is_open(hers)
    echo(his, now, said=code(hers))  # it came to the phone in bob's hands
    assert not is_open(hers)
    assert Device.objects.get(pk=his.device_id).holds_installation


@pytest.mark.parametrize("reason", ["unregistered", "not_echoed"])
def test_where_the_old_address_is_dead_nobody_is_left_to_prove_otherwise(
    alice: Employee, bob: Employee, now: datetime, reason: str
) -> None:
    hers = sign_in(alice, now, push_address="old")
    his = sign_in(bob, now, push_address="new")
    asked = Activation.objects.get(device_id=hers.device_id)
    assert activation.drop(asked, reason=reason, now=now) == 1
    assert is_open(hers) == (reason == "not_echoed")
    assert is_open(his)


def test_a_colleague_without_any_address_is_replaced_by_the_echo(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now)
    his = sign_in(bob, now, echoes=False, push_address="address")
    assert is_open(hers)
    echo(his, now)
    assert not is_open(hers)


def test_an_ended_session_has_no_code_and_takes_no_echo(alice: Employee, now: datetime) -> None:
    opened = sign_in(alice, now, echoes=False, push_address="address")
    said = code(opened)
    devices.close_all(employee_id=alice.pk, reason="revoked", actor=HUB, now=now)
    assert not Activation.objects.exists()
    with pytest.raises(refusals.SessionRevoked):
        echo(opened, now, said=said)
    with pytest.raises(refusals.SessionRevoked):
        register(opened, "address", now)


@pytest.mark.django_db(transaction=True)
def test_an_echo_that_races_with_the_revocation_never_leaves_an_address_behind(
    alice: Employee, now: datetime
) -> None:
    for turn in range(12):
        opened = sign_in(alice, now, installation=f"{turn}", echoes=False, push_address=f"{turn}")
        said = code(opened)

        def act(number: int, opened: sessions.Opened = opened, said: str | None = said) -> None:
            if number:
                echo(opened, now, said=said)
            else:
                devices.close(
                    employee_id=alice.pk, device_id=opened.device_id, reason="revoked",
                    actor=HUB, now=now,
                )  # fmt: skip

        first, *others = in_parallel(3, act)
        assert first is None
        assert {type(one) for one in others} <= {
            type(None),
            refusals.SessionRevoked,
            errors.NotFound,
        }
        assert not is_open(opened)
        assert address_of(opened) is None
        assert not Activation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_sign_in_on_one_installation_at_once_end_with_one_session(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    for turn in range(8):
        both = in_parallel(
            2,
            lambda number, turn=turn: sign_in(  # type: ignore[misc]
                (alice, bob)[number], now, installation=f"{turn}", echoes=False,
                push_address=f"{turn}",
            ),
        )  # fmt: skip
        assert {type(one) for one in both} == {sessions.Opened}
        found = Device.objects.filter(
            installation_index=devices.installation_index(f"{turn}"), closed_at=None
        )
        assert found.count() == 2
        assert found.filter(holds_installation=True).count() == 1
        # Both codes come to the one phone, and both apps try.
        in_parallel(2, lambda number, both=both: echo(both[number], now))  # type: ignore[misc]
        left = found.get()
        assert left.holds_installation
        assert left.push_address == f"{turn}"


@pytest.mark.django_db(transaction=True)
def test_ten_echoes_and_registrations_at_once_make_one_truth(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    hers = sign_in(alice, now, installation="a", push_address="address")
    his = sign_in(bob, now, installation="b", echoes=False, push_address="address")
    said = code(his)
    results = in_parallel(10, lambda _: echo(his, now, said=said))
    assert results == [None] * 10
    assert (address_of(hers), address_of(his)) == (None, "address")
    assert AuditEvent.objects.filter(action="push_address_moved").count() == 1
    gate = threading.Barrier(4)

    def register_one(number: int) -> object:
        gate.wait(30)
        return register((hers, his)[number % 2], "xy"[number // 2], now)

    assert in_parallel(4, register_one) == [False] * 4
    assert Activation.objects.filter(echoed_at=None).count() == 2
