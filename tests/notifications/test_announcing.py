"""What the hub itself tells people comes by the road of all notifications."""

from datetime import timedelta

import pytest

from accounts import audit
from accounts.models import Subsystem
from accounts.privacy import notices, requests
from hub.lib import clock
from notifications import announcing
from notifications.models import Notification, Recipient
from tests.notifications.acting import shown, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changed(now):
    """A material change that takes effect in forty days, after a first notice."""
    for version, days in (("2026-1", 0), ("2027-1", 40)):
        words = {"language": "en", "title": "Privacy notice", "text": "We know more now."}
        notices.draft(version=version, material=True, recipients=[], actor=audit.HUB, now=now)
        notices.write(version=version, actor=audit.HUB, now=now, **words)
        notices.publish(
            version=version, effective_at=now + timedelta(days=days), actor=audit.HUB, now=now
        )


def test_a_material_change_is_sent_to_everybody_once(
    alice, bob, charlie, phone, provider, changed, settings
):
    settings.BLAST_RADIUS = 1  # of sub-systems; the hub's own words were decided by staff
    her = phone(alice)

    assert announcing.privacy_notices(now=clock.now()) == 1
    assert announcing.privacy_notices(now=clock.now()) == 0
    work()

    [told] = Notification.objects.all()
    assert told.subsystem.key == "hub"
    assert "2027-1" in str(told.card)
    assert Recipient.objects.filter(notification=told).count() == 4
    assert shown(provider) == {her.push_address: 1}
    assert told.card["body"] == "We know more now."


def test_what_is_in_effect_already_is_left_to_the_gate(alice, now):
    words = {"language": "en", "title": "Privacy notice", "text": "We know."}
    notices.draft(version="2026-1", material=True, recipients=[], actor=audit.HUB, now=now)
    notices.write(version="2026-1", actor=audit.HUB, now=now, **words)
    notices.publish(version="2026-1", effective_at=now, actor=audit.HUB, now=now)

    assert announcing.privacy_notices(now=clock.now()) == 0
    assert not Subsystem.objects.filter(key="hub").exists()


def test_people_are_told_what_became_of_what_they_asked(alice, now):
    asked = requests.ask(employee_id=alice.pk, kind="complaint", words="Why?", now=now)
    assert announcing.privacy_requests(now=clock.now()) == 1
    requests.answer(
        request_id=asked.pk,
        words="We have mended it.",
        refused=False,
        actor=audit.Actor("staff", "7"),
        now=now,
    )

    assert announcing.privacy_requests(now=clock.now()) == 1
    assert announcing.privacy_requests(now=clock.now()) == 0

    told = [one.card for one in Notification.objects.order_by("pk")]
    assert [card["body"] for card in told] == ["", "We have mended it."]
    assert Notification.objects.first().audience == {"any": [{"employees": ["E1001"]}]}


def test_nobody_is_told_of_what_staff_ask_about_them(alice, now):
    requests.disclose(
        employee_id=alice.pk, words="The court", actor=audit.Actor("staff", "7"), now=now
    )

    assert announcing.privacy_requests(now=clock.now()) == 0
