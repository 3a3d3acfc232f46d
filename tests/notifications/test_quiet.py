"""Who is not rung: opted out, channel off, quiet hours, the right to disconnect."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.models import AuditEvent, Device
from hub.lib import clock, errors
from notifications import calendars, inbox, preferences
from notifications.models import Calendar, Category, Delivery, Errand, OptOut, Preference
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import cleared, shown, work

pytestmark = pytest.mark.django_db

STAFF = audit.Actor("staff", "1")
EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@pytest.fixture
def optional(approval):
    """The cast's category can be refused."""
    Category.objects.filter(pk=approval.pk).update(essential=False)
    return approval


@pytest.fixture
def wishes(now):
    def choose(employee, *, minutes=60, zone="UTC", **more):
        """Quiet hours that began a while ago and end in so many minutes."""
        Preference.objects.create(
            employee=employee, changed_at=now, time_zone=zone,
            quiet_hours=[{
                "days": EVERY_DAY,
                "from": f"{now - timedelta(hours=1):%H:%M}",
                "until": f"{now + timedelta(minutes=minutes):%H:%M}",
            }] if minutes else [],
            **more,
        )  # fmt: skip

    return choose


def deliveries():
    rows = Delivery.objects.values_list("employee__user_name", "state", "reason")
    return {name: (state, reason) for name, state, reason in rows}


def later(**span):
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


def test_who_opted_out_of_an_optional_category_is_not_rung_and_the_record_says_why(
    optional, accept, alice, bob, phone, provider, now
):
    phones = [phone(alice), phone(bob)]
    preferences.opt_out(employee_id=alice.pk, category_id=optional.pk, now=now)
    accept(alice, bob, kind="notice")
    work()

    assert shown(provider) == Counter([phones[1].push_address])
    assert deliveries() == {"alice": ("suppressed", "opted_out"), "bob": ("sent", "")}
    assert len(inbox.page(employee_id=alice.pk).entries) == 1  # it rings nobody, and is there
    assert not Errand.objects.exists()


def test_what_waits_for_an_answer_or_is_essential_comes_in_spite_of_an_opt_out(
    optional, accept, alice, phone, provider, now
):
    phone(alice)
    preferences.opt_out(employee_id=alice.pk, category_id=optional.pk, now=now)
    accept(alice, kind="request")
    accept(alice, kind="acknowledgement")
    work()
    assert len(provider.sent) == 2

    Category.objects.filter(pk=optional.pk).update(essential=True)
    accept(alice, kind="notice")
    work()
    assert len(provider.sent) == 3


def test_who_wants_no_pushes_gets_those_that_cannot_be_refused(
    optional, accept, alice, phone, provider, wishes
):
    phone(alice)
    wishes(alice, minutes=0, push=False)
    accept(alice, kind="notice")
    work()
    assert deliveries() == {"alice": ("suppressed", "channel_off")}

    accept(alice, kind="request")
    work()
    assert len(provider.sent) == 1


def test_in_quiet_hours_a_push_is_held_and_released_at_their_end_once(
    accept, alice, bob, dana, phone, provider, wishes
):
    phones = {person: phone(person) for person in (alice, bob, dana)}
    wishes(alice, minutes=60)
    wishes(bob, minutes=120)
    accept(alice, bob, dana, kind="notice")
    work()

    assert shown(provider) == Counter([phones[dana].push_address])
    assert deliveries()["alice"] == ("queued", "quiet_hours")
    errand = Errand.objects.get()  # one for both of them
    assert errand.attempts == 0
    with later(minutes=61):
        work()
        assert shown(provider) == Counter([phones[dana].push_address, phones[alice].push_address])
    with later(minutes=122):
        work()
    assert set(shown(provider).values()) == {1}
    assert len(shown(provider)) == 3
    assert {state for state, _ in deliveries().values()} == {"sent"}
    assert not Errand.objects.exists()


def test_urgent_pushes_pass(accept, alice, phone, provider, wishes):
    phone(alice)
    wishes(alice)
    accept(alice, kind="notice", priority="urgent")
    work()

    assert len(provider.sent) == 1


def test_what_is_withdrawn_in_quiet_hours_is_never_shown(
    accept, alice, phone, provider, wishes, caller
):
    from notifications import withdrawal

    phone(alice)
    wishes(alice)
    request = accept(alice)
    work()
    withdrawal.by_subsystem(caller=caller, notification_id=request.id, reason="", now=clock.now())
    with later(minutes=61):
        work()

    assert shown(provider) == Counter()
    shown_delivery = Delivery.objects.get(purpose="show")
    assert (shown_delivery.state, shown_delivery.reason) == ("cancelled", "quiet_hours")
    assert not Errand.objects.exists()
    assert sum(cleared(provider).values()) <= 1


def test_a_retry_does_not_wait_for_somebody_elses_morning(
    accept, alice, bob, phone, provider, wishes
):
    phone(alice)
    wishes(alice)
    bobs = phone(bob).push_address
    provider.says[bobs] = Outcome(Fate.LATER, "unavailable", retry_after=timedelta(0))
    accept(alice, bob, kind="notice")
    work()
    provider.says.clear()
    with later(seconds=30):
        work()

    assert shown(provider)[bobs] == 2
    assert deliveries() == {"alice": ("queued", "quiet_hours"), "bob": ("sent", "")}


@pytest.mark.parametrize("told_by", ["preferences", "device", "employee", "geo"])
def test_quiet_hours_are_by_the_clocks_of_the_nearest_that_says_where_they_are(
    accept, alice, phone, provider, wishes, settings, told_by
):
    device = phone(alice)
    wishes(alice, zone="UTC" if told_by == "preferences" else "")
    zones = {"device": "", "employee": "", "geo": ""}
    for source in list(zones)[: [*zones, ""].index(told_by) + 1] if told_by in zones else zones:
        zones[source] = "Pacific/Auckland"
    if told_by in zones:
        zones = {s: ("UTC" if s == told_by else z) for s, z in zones.items()}
        for nearer in list(zones)[: list(zones).index(told_by)]:
            zones[nearer] = ""
        for farther in list(zones)[list(zones).index(told_by) + 1 :]:
            zones[farther] = "Pacific/Auckland"
    Device.objects.filter(pk=device.pk).update(time_zone=zones["device"])
    alice.time_zone = zones["employee"]
    alice.save()
    settings.GEO_TIME_ZONES = {"DE": zones["geo"]} if zones["geo"] else {}
    accept(alice, kind="notice")
    work()

    assert deliveries() == {"alice": ("queued", "quiet_hours")}
    effective = preferences.read(employee_id=alice.pk)["effective"]
    assert (effective["time_zone"], effective["time_zone_from"]) == ("UTC", told_by)


@pytest.fixture
def at_home(now):
    """Nobody of DE works for the next three days, and all have the right to disconnect."""
    days = [(now + timedelta(days=ahead)).weekday() for ahead in range(-1, 3)]
    return Calendar.objects.create(
        geo="DE", week_days=[day for day in range(7) if day not in days], disconnects=True
    )


def test_a_geo_with_the_right_to_disconnect_is_left_in_peace_and_others_are_not(
    at_home, accept, alice, charlie, phone, provider
):
    phone(alice)
    charlies = phone(charlie)  # of IN
    accept(alice, charlie, kind="notice")
    accept(alice, kind="notice", priority="urgent")
    work()

    assert charlies.push_address in shown(provider)
    assert len(provider.sent) == 2  # charlie's, and the urgent one
    held = Delivery.objects.get(state="queued")
    assert (held.employee, held.reason) == (alice, "right_to_disconnect")
    with later(days=5):
        work()
    assert not Delivery.objects.filter(state="queued").exists()


def test_where_urgent_does_not_pass_only_an_emergency_lifts_it_and_it_is_on_the_record(
    at_home, accept, alice, phone, provider
):
    Calendar.objects.update(urgent_passes=False)
    phone(alice)
    accept(alice, kind="notice", priority="urgent")
    work()
    assert provider.sent == []

    now = clock.now()
    calendars.lift(
        calendar_id=at_home.pk, until=now + timedelta(hours=1), reason="Fire", actor=STAFF, now=now
    )
    work()
    assert len(provider.sent) == 1  # at once, and not when people work again
    event = AuditEvent.objects.get(action="right_to_disconnect_lifted")
    assert event.data["reason"] == "Fire"
    with later(hours=2):
        accept(alice, kind="notice")
        work()
    assert len(provider.sent) == 1


@pytest.mark.parametrize(("hours", "reason"), [(0, "Fire"), (73, "Fire"), (1, " ")])
def test_an_emergency_has_an_end_and_a_reason(at_home, hours, reason):
    now = clock.now()
    with pytest.raises(errors.Invalid):
        calendars.lift(
            calendar_id=at_home.pk, until=now + timedelta(hours=hours), reason=reason,
            actor=STAFF, now=now,
        )  # fmt: skip


def test_the_default_calendar_gives_the_right_to_all_geos_without_one(
    at_home, accept, alice, charlie, phone, provider
):
    Calendar.objects.update(geo="")
    Calendar.objects.create(geo="IN", week_days=list(range(7)))
    phone(alice)
    charlies = phone(charlie)
    accept(alice, charlie, kind="notice")
    work()

    assert shown(provider) == Counter([charlies.push_address])


def test_a_broadcast_to_people_without_preferences_costs_one_look_whatever_its_size(
    optional, accept, alice, bob, charlie, dana, phone, provider
):
    def look():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            work()
        return [q["sql"] for q in queries if "notifications_optout" in q["sql"]]

    phone(alice)
    accept(alice, kind="notice")
    [of_one] = look()
    for person in (bob, charlie, dana):
        phone(person)
    accept(alice, bob, charlie, dana, kind="notice")
    [of_all] = look()

    assert OptOut.objects.count() == Preference.objects.count() == 0
    assert of_one.count("WITH wanted") == of_all.count("WITH wanted") == 1


def test_each_is_rung_in_their_own_language_and_those_alike_share_a_wording(
    accept, alice, bob, charlie, dana, phone, provider, now
):
    phones = {
        person.user_name: phone(person).push_address for person in (alice, bob, charlie, dana)
    }
    for person, language in ((alice, "de-AT"), (dana, "de"), (bob, "en"), (charlie, "xx")):
        person.language = language
        person.save()
    Preference.objects.create(employee=bob, changed_at=now, language="ar-EG")
    accept(alice, bob, charlie, dana)
    work()

    said = {push.address.value: push.wording for push in provider.sent}
    bodies = {name: said[address].data["body"] for name, address in phones.items()}
    assert bodies == {
        "alice": "Eine Anfrage wartet auf Ihre Antwort.",
        "dana": "Eine Anfrage wartet auf Ihre Antwort.",
        "bob": "هناك طلب ينتظر ردّك.",
        "charlie": "A request is waiting for your answer.",
    }
    assert said[phones["alice"]] is said[phones["dana"]]  # encoded once
