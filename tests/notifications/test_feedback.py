"""A person, and staff, see whether pushes reach a phone and what became of the last one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Device, Staff
from hub.lib import bearer, clock
from notifications import feedback
from notifications.models import Delivery, Recipient
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def devices(now):
    """Asks, as the person who holds this phone, for their devices, by id."""

    def ask(phone):
        issued = bearer.issue("hub_at_")
        Device.objects.filter(pk=phone.pk).update(access_digest=issued.digest)
        answer = Client().get(
            "/api/v1/me/devices", headers={"Authorization": f"Bearer {issued.text}"}
        )
        assert answer.status_code == 200
        return {entry["id"]: entry for entry in answer.json()["entries"]}

    return ask


def test_each_phone_tells_its_own_push_state_and_last_push(accept, alice, phone, provider, devices):
    fine, gone, fresh = phone(alice), phone(alice), phone(alice)
    Device.objects.filter(pk=fine.pk).update(push_project="emea")
    provider.says = {gone.push_address: Outcome(Fate.GONE, "unregistered")}
    accept(alice)
    work()
    Delivery.objects.filter(device_id=fresh.pk).delete()

    told = devices(fine)
    one = told[str(fine.pk)]
    assert (one["push"], one["push_project"], one["push_lost_at"]) == ("registered", "emea", None)
    assert one["last_push"].items() >= {"purpose": "show", "state": "sent", "reason": ""}.items()
    other = told[str(gone.pk)]
    assert (other["push"], other["push_lost_reason"]) == ("lost", "unregistered")
    assert other["last_push"]["state"] == "failed"
    assert other["last_push"]["reason"] == "unregistered"
    assert told[str(fresh.pk)]["last_push"] is None


def test_the_last_push_is_the_latest_one_and_says_when(accept, alice, phone, provider, devices):
    device = phone(alice)
    earlier, later = accept(alice), accept(alice)
    work()
    moment = clock.now() - timedelta(days=1)
    Delivery.objects.filter(notification=later).update(sent_at=moment)
    last = feedback.last_by_device(employee_id=alice.pk)
    assert last[device.pk].notification_id == earlier.id
    assert last[device.pk].at > moment


def test_what_was_pushed_to_somebody_else_is_not_told(
    accept, alice, charlie, phone, provider, devices
):
    phone(alice)
    stranger = phone(charlie)
    accept(alice)
    work()
    assert [entry["last_push"] for entry in devices(stranger).values()] == [None]


def test_only_the_newest_copies_are_looked_at(
    accept, alice, phone, provider, monkeypatch, django_assert_num_queries
):
    phone(alice)
    old, new = accept(alice), accept(alice)
    work()
    Recipient.objects.filter(notification=old).update(arrived_at=clock.now() - timedelta(days=1))
    monkeypatch.setattr(feedback, "COPIES", 1)
    with django_assert_num_queries(1):
        assert {p.notification_id for p in feedback.latest(employee_id=alice.pk)} == {new.id}


def test_the_admins_page_of_a_phone_shows_its_latest_pushes_and_the_reading_is_logged(
    accept, alice, phone, provider
):
    device, other = phone(alice), phone(alice)
    provider.says = {other.push_address: Outcome(Fate.OURS, "third_party_auth")}
    accept(alice)
    work()
    staff = Staff.objects.create_superuser(username="root", password="correct horse")
    browser = Client()
    browser.force_login(staff)
    page = browser.get(reverse("admin:accounts_device_change", args=[device.pk]), secure=True)
    text = page.content.decode()
    assert "Latest pushes" in text
    assert "sent" in text
    assert "third_party_auth" not in text  # that was the other phone
    assert AuditEvent.objects.filter(subject_id=str(device.pk)).exists()
