"""A push address belongs to one device, and a device to one employee."""

from datetime import datetime, timedelta

import pytest

from accounts import devices, refusals, sessions
from accounts.audit import HUB, Actor
from accounts.models import AuditEvent, Device, Employee
from hub.lib import errors
from tests.accounts.parallel import in_parallel
from tests.accounts.test_sessions import sign_in, speaks


def test_a_push_address_registered_by_somebody_else_moves_with_an_alert(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    old = sign_in(alice, now, installation="a", push_address="address")
    new = sign_in(bob, now, installation="b")
    for _ in range(2):
        devices.register_push_address(
            device_id=new.device_id, address="address", kind="token",
            actor=Actor("employee", str(bob.pk)), now=now,
        )  # fmt: skip
    assert devices.open_address(device=Device.objects.get(pk=old.device_id)) is None
    assert devices.open_address(device=Device.objects.get(pk=new.device_id)) == "address"
    event = AuditEvent.objects.get(action="push_address_moved")
    assert event.data == {"from_device": str(old.device_id), "from_employee": str(alice.pk)}
    speaks(old.pair.access, now)


def test_an_address_is_forgotten_unless_it_was_registered_since(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    dead = sign_in(alice, now, installation="a", push_address="dead").device_id
    renewed = sign_in(bob, now, installation="b", push_address="new").device_id
    just_before = now - timedelta(seconds=1)
    said = [
        devices.Dead(dead, registered_before=now, reason="unregistered"),
        devices.Dead(renewed, registered_before=just_before, reason="unregistered"),
    ]
    for _ in range(2):  # the second time there is nothing left to forget
        assert devices.forget_push_addresses(said, now=now) == {renewed}
    assert devices.open_address(device=Device.objects.get(pk=renewed)) == "new"
    device = Device.objects.get(pk=dead)
    assert devices.open_address(device=device) is None
    assert (device.push_lost_reason, device.push_lost_at, device.closed_at) == (
        "unregistered", now, None,
    )  # fmt: skip


def test_an_ended_session_takes_no_push_address(alice: Employee, now: datetime) -> None:
    opened = sign_in(alice, now)
    sessions.logout(session=speaks(opened.pair.access, now), now=now)
    with pytest.raises(refusals.SessionRevoked):
        devices.register_push_address(
            device_id=opened.device_id, address="address", kind="token", actor=HUB, now=now
        )


def test_nobody_can_end_a_strangers_session(
    alice: Employee, charlie: Employee, now: datetime
) -> None:
    device_id = sign_in(alice, now).device_id
    with pytest.raises(errors.NotFound):
        devices.close(
            employee_id=charlie.pk, device_id=device_id, reason="revoked", actor=HUB, now=now
        )
    assert devices.listed(employee_id=alice.pk).count() == 1
    assert devices.listed(employee_id=charlie.pk).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_phones_that_claim_each_others_address_at_once_both_get_an_answer(
    alice: Employee, bob: Employee, now: datetime
) -> None:
    ids = [
        sign_in(who, now, installation=name, push_address=name).device_id
        for who, name in ((alice, "a"), (bob, "b"))
    ]

    def swap(number: int) -> None:
        devices.register_push_address(
            device_id=ids[number % 2], address="ab"[number // 2 % 2], kind="token",
            actor=HUB, now=now,
        )  # fmt: skip

    for _ in range(12):
        assert in_parallel(8, swap) == [None] * 8
    sign_in(alice, now, installation="a", push_address="b")
    addresses = [devices.open_address(device=device) for device in Device.objects.all()]
    assert addresses.count("b") == 1
