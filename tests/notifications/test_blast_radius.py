"""What goes to too many waits for a second person; nothing of it leaves before."""

import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts import audit, subsystems
from accounts.models import AuditEvent, Subsystem
from hub.lib import clock, errors
from notifications import blast_radius, withdrawal
from notifications.models import Errand, Notification, Recipient
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db

STAFF = audit.Actor("staff", "1")


@pytest.fixture
def caller(caller):
    """payroll, which may reach one person alone."""
    return replace(caller, blast_radius=1)


@pytest.fixture
def second(caller):
    """payroll by another key."""
    return replace(caller, key_id=uuid.uuid4())


def release(caller, notification, now=None):
    return blast_radius.release_by_subsystem(
        caller=caller, notification_id=notification.id, now=now or clock.now()
    )


def test_above_the_limit_it_is_held_and_at_the_limit_it_goes(accept, alice, bob, phone, provider):
    phone(alice), phone(bob)
    assert accept(alice, kind="notice").state == "open"
    held = accept(alice, bob, kind="notice")
    work()

    assert (held.state, held.held_over) == ("held", 1)
    assert Recipient.objects.filter(notification=held).count() == 0
    assert sum(shown(provider).values()) == 1
    event = AuditEvent.objects.get(action="notification_held")
    assert event.data == {"count": 2, "limit": 1, "key": str(held.sent_with)}


def test_a_sub_system_without_a_limit_of_its_own_has_that_of_the_setting(caller, settings):
    settings.BLAST_RADIUS = 7
    radius = blast_radius.of(replace(caller, blast_radius=None))

    assert not radius.is_exceeded_by(7)
    assert radius.is_exceeded_by(8)
    assert blast_radius.of(replace(caller, blast_radius=0)).is_exceeded_by(1)


@pytest.mark.parametrize("kind", ["notice", "request"])
def test_another_key_releases_it_and_everybody_is_told_once(
    accept, alice, bob, phone, provider, second, kind
):
    phones = [phone(alice), phone(bob)]
    held = accept(alice, bob, kind=kind)
    assert release(second, held).state == "open"
    assert release(second, held).state == "open"  # a repeat changes nothing
    work()

    assert shown(provider) == Counter(device.push_address for device in phones)
    event = AuditEvent.objects.get(action="notification_released")
    assert event.data == {"limit": 1, "key": str(second.key_id)}
    if kind == "request":
        assert answer(alice, held)["state"] == "decided"


def test_the_key_that_sent_it_can_not_release_it(accept, alice, bob, provider, caller):
    held = accept(alice, bob, kind="notice")
    with pytest.raises(blast_radius.SecondPersonNeeded):
        release(caller, held)
    work()

    held.refresh_from_db()
    assert held.state == "held"
    assert not Recipient.objects.exists()


def test_staff_are_a_second_person(accept, alice, bob, provider):
    held = accept(alice, bob, kind="notice")
    blast_radius.release(
        among=Notification.objects.all(), notification_id=held.id, key_id=None, actor=STAFF,
        now=clock.now(),
    )  # fmt: skip
    work()

    assert Recipient.objects.filter(notification=held).count() == 2
    assert AuditEvent.objects.get(action="notification_released").actor_kind == "staff"


def test_a_stranger_and_the_other_mode_release_nothing(accept, alice, bob, second, rosters):
    held = accept(alice, bob, kind="notice")
    for other in (replace(second, subsystem_id=rosters.id), replace(second, mode="test")):
        with pytest.raises(errors.NotFound):
            release(other, held)


def test_what_was_never_held_or_has_ended_is_not_released(accept, alice, bob, provider, second):
    free, held = accept(alice, kind="notice"), accept(alice, bob, kind="notice")
    withdrawal.by_subsystem(caller=second, notification_id=held.id, reason="No.", now=clock.now())
    for one, state in ((free, "open"), (held, "withdrawn")):
        with pytest.raises(blast_radius.NotHeld) as refusal:
            release(second, one)
        assert refusal.value.data["notification"]["state"] == state
    work()
    assert Recipient.objects.filter(notification=held).count() == 0


def test_held_until_its_time_is_over_it_expires_undecided_and_is_released_no_more(
    accept, alice, bob, provider, second, now
):
    held = accept(alice, bob, expires_at=now + timedelta(hours=1), on_expiry="approve")
    with pytest.raises(blast_radius.NotHeld):
        release(second, held, now=now + timedelta(hours=1))
    Errand.objects.update(due_at=clock.now())
    work()

    held.refresh_from_db()
    assert held.state == "expired"
    assert not Recipient.objects.exists()


def test_released_before_its_time_it_is_scheduled_and_after_it_it_goes_at_once(
    accept, alice, bob, provider, second, now
):
    early, late = (
        accept(alice, bob, kind="notice", send_at=now + timedelta(hours=1)) for _ in range(2)
    )
    assert release(second, early).state == "scheduled"
    assert release(second, late, now=now + timedelta(hours=2)).state == "open"
    due = dict(Errand.objects.filter(kind="fan_out").values_list("notification", "due_at"))

    assert due == {early.id: now + timedelta(hours=1), late.id: now + timedelta(hours=2)}


def test_the_limit_is_set_on_the_record_and_comes_with_the_key(payroll, now):
    issued = subsystems.issue_key(
        subsystem=payroll, mode="live", name="k", expires_at=None, actor=STAFF, now=now
    )
    subsystems.set_blast_radius(subsystem_id=payroll.pk, recipients=20, actor=STAFF, now=now)

    assert subsystems.authenticate_key(text=issued.text, now=now).blast_radius == 20
    assert AuditEvent.objects.get(action="blast_radius_set").data == {"recipients": "20"}
    subsystems.set_blast_radius(subsystem_id=payroll.pk, recipients=None, actor=STAFF, now=now)
    assert Subsystem.objects.get(pk=payroll.pk).blast_radius is None
    with pytest.raises(errors.NotFound):
        subsystems.set_blast_radius(subsystem_id=uuid.uuid4(), recipients=1, actor=STAFF, now=now)
