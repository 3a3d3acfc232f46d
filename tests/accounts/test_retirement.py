"""Sessions to which nobody comes back end by themselves."""

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from accounts import activation, devices, refusals, retirement
from accounts.audit import HUB
from accounts.models import AuditEvent, Device, Employee
from tests.accounts.test_sessions import echo, sign_in, speaks

DAY = timedelta(days=1)


def lose(device_id: object, now: datetime) -> None:
    dead = devices.Dead(device_id, registered_before=now, reason="unregistered")  # type: ignore[arg-type]
    assert devices.forget_push_addresses([dead], now=now) == set()


@pytest.fixture
def patience(settings: LazySettings) -> None:
    """Phones may be silent for long: only lost addresses are looked at."""
    settings.DEVICE_STALE_AFTER = settings.REFRESH_FAMILY_LIFE = 300 * DAY


def test_a_phone_whose_address_is_unregistered_and_not_renewed_in_time_loses_its_session(
    alice: Employee, bob: Employee, dana: Employee, now: datetime, patience: None
) -> None:
    gone = sign_in(alice, now, installation="a", push_address="a")
    renewed = sign_in(bob, now, installation="b", push_address="b")
    moved = sign_in(dana, now, installation="d", push_address="d")
    for one in (gone, renewed):
        lose(one.device_id, now)
    Device.objects.filter(pk=moved.device_id).update(
        push_address=None, push_address_index=None, push_lost_reason="moved", push_lost_at=now
    )
    later = now + 14 * DAY
    activation.register(
        device_id=renewed.device_id, address="b2", kind="token", actor=HUB, now=later
    )
    assert retirement.retire(now=later - DAY) == 0
    assert retirement.retire(now=later) == 1
    assert retirement.retire(now=later) == 0
    with pytest.raises(refusals.SessionRevoked) as refusal:
        speaks(gone.pair.access, now)
    assert refusal.value.data == {"reason": "unregistered", "wipe": True}
    echo(renewed, later)
    assert retirement.retire(now=later + DAY) == 0
    assert set(Device.objects.filter(closed_at=None).values_list("pk", flat=True)) == {
        renewed.device_id,
        moved.device_id,
    }


def test_a_phone_that_was_not_heard_of_and_a_session_past_its_life_are_retired(
    alice: Employee, bob: Employee, dana: Employee, now: datetime, settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(retirement, "DEVICES_A_BATCH", 2)
    settings.DEVICE_STALE_AFTER = 3 * DAY
    silent = [sign_in(alice, now, installation=name, push_address=name) for name in "abc"]
    fresh = sign_in(bob, now, installation="d", push_address="d")
    old = sign_in(dana, now, installation="e", push_address="e")
    Device.objects.filter(pk__in=[fresh.device_id, old.device_id]).update(last_seen_at=now + DAY)
    Device.objects.filter(pk=old.device_id).update(session_expires_at=now + 2 * DAY)
    assert retirement.retire(now=now + 3 * DAY) == len(silent) + 1
    assert Device.objects.get(closed_at=None).pk == fresh.device_id
    assert set(Device.objects.exclude(closed_at=None).values_list("closed_reason")) == {
        ("expired",)
    }
    assert not Device.objects.exclude(closed_at=None).exclude(push_address=None).exists()
    ended = AuditEvent.objects.filter(action="session_closed")
    assert {(event.actor_kind, event.data["reason"]) for event in ended} == {("hub", "expired")}
