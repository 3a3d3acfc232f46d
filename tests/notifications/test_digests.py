"""Optional notices that are told together: when, once, by which road, and which not."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction

from accounts.models import Device
from hub.lib import clock
from notifications import digests, inbox, preferences, withdrawal
from notifications.models import Category, Delivery, Digest, Digested, Preference, Recipient
from notifications.preferences import Wish
from notifications.push import digest as push_digest
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import shown, work

pytestmark = pytest.mark.django_db

EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@pytest.fixture
def optional(approval):
    """The cast's category can be refused."""
    Category.objects.filter(pk=approval.pk).update(essential=False)
    return approval


@pytest.fixture
def hourly(optional, now):
    def choose(*people, **more):
        for person in people:
            Preference.objects.create(
                employee=person, changed_at=now, digest="hourly", time_zone="UTC", **more
            )

    return choose


@pytest.fixture
def noon():
    """Ten past twelve: the hour ends in fifty minutes."""
    moment = clock.now().replace(hour=12, minute=10, second=0, microsecond=0)
    with time_machine.travel(moment, tick=True):
        yield moment


@pytest.fixture
def saturday():
    """In the night to Sunday the clocks go forward in Vienna."""
    with time_machine.travel("2026-03-28T09:00:00+00:00", tick=True):
        yield


def later(**span):
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


def told(provider):
    """What was said to whom of what was gathered: (address, body), as often as it was."""
    return Counter(
        (push.address.value, push.wording.data["body"])
        for push in provider.sent
        if push.wording.data["type"] == "digest"
    )


def test_what_comes_within_the_hour_is_told_at_its_end_as_one(
    noon, hourly, accept, alice, bob, phone, provider
):
    hers, his = phone(alice).push_address, phone(bob).push_address
    hourly(alice)
    for _ in range(3):
        accept(alice, bob, kind="notice")
    work()

    assert shown(provider) == {his: 3}
    rows = Delivery.objects.filter(employee=alice).values_list("state", "reason")
    assert set(rows) == {("suppressed", "digest")}
    with later(minutes=49):
        work()
        assert told(provider) == {}
    with later(minutes=51):
        work()
        work()
    assert told(provider) == {(hers, "You have 3 new messages."): 1}
    digest = Digest.objects.get()
    assert (digest.due_at, digest.ends_at) == (None, noon + timedelta(minutes=50))
    assert digest.sent_at is not None
    assert Digested.objects.count() == 3


def test_nobody_else_pays_for_it(optional, accept, alice, bob, phone, provider):
    phone(alice)
    accept(alice, bob, kind="notice")
    work()
    assert len(provider.sent) == 1
    assert not Digest.objects.exists()


def test_what_cannot_be_refused_or_is_urgent_comes_at_once(
    noon, hourly, accept, alice, phone, provider, optional
):
    phone(alice)
    hourly(alice)
    accept(alice, kind="request")
    accept(alice, kind="acknowledgement")
    accept(alice, kind="notice", priority="urgent")
    Category.objects.filter(pk=optional.pk).update(essential=True)
    accept(alice, kind="notice")
    work()

    assert len(shown(provider)) == 1
    assert sum(shown(provider).values()) == 4
    assert not Digest.objects.exists()


def test_what_is_read_over_refused_or_put_off_meanwhile_is_not_told(
    noon, hourly, accept, alice, phone, provider, caller
):
    hers = phone(alice).push_address
    hourly(alice)
    read, gone, asleep, left = (accept(alice, kind="notice") for _ in range(4))
    work()
    now = clock.now()
    inbox.mark(employee_id=alice.pk, notification_ids=[read.pk], mark="read", now=now)
    withdrawal.by_subsystem(caller=caller, notification_id=gone.pk, reason="", now=now)
    Recipient.objects.filter(notification=asleep.pk).update(snoozed_until=now + timedelta(days=2))
    with later(minutes=51):
        work()
        assert told(provider) == {(hers, "You have 1 new message."): 1}
        accept(alice, kind="notice")
        work()
    preferences.opt_out(employee_id=alice.pk, category_id=left.category_id, now=now)
    with later(minutes=130):
        work()
    assert sum(told(provider).values()) == 1
    assert Digest.objects.filter(last_error="nothing_left").count() == 1


def test_it_is_in_the_readers_language_and_says_nothing_of_what_is_in_it(
    noon, hourly, accept, alice, phone, provider, settings, optional
):
    phone(alice)
    hourly(alice, language="de-AT")
    Category.objects.filter(pk=optional.pk).update(sensitivity="restricted")
    accept(alice, kind="notice", sensitivity="restricted")
    accept(alice, kind="notice", sensitivity="restricted")
    work()
    with later(minutes=51):
        work()

    [push] = provider.sent
    assert push.wording.data == {
        "v": "1", "type": "digest", "id": str(Digest.objects.get().pk), "channel": "notices",
        "title": settings.HUB_NAME, "body": "Sie haben 2 neue Nachrichten.",
    }  # fmt: skip
    assert push.wording.tag == push.wording.data["id"]


def test_a_daily_one_comes_when_the_persons_own_clocks_say_so(
    saturday, optional, accept, alice, phone, provider, now
):
    hers = phone(alice).push_address
    Preference.objects.create(
        employee=alice, changed_at=now, digest="daily", time_zone="Europe/Vienna"
    )
    accept(alice, kind="notice")
    work()
    with time_machine.travel("2026-03-29T05:59:00+00:00", tick=True):
        work()
        assert told(provider) == {}
    with time_machine.travel("2026-03-29T06:00:05+00:00", tick=True):  # 08:00 in summer
        work()
    assert told(provider) == {(hers, "You have 1 new message."): 1}


def test_quiet_hours_hold_it_and_it_takes_all_that_comes_until_their_end(
    noon, hourly, accept, alice, phone, provider
):
    hers = phone(alice).push_address
    hourly(alice, quiet_hours=[{"days": EVERY_DAY, "from": "11:00", "until": "15:30"}])
    accept(alice, kind="notice")
    work()
    with later(minutes=65):
        work()
        accept(alice, kind="notice")
        work()
    with later(minutes=130):
        accept(alice, kind="notice")
        work()
        assert told(provider) == {}
    with later(minutes=201):
        work()
    assert told(provider) == {(hers, "You have 3 new messages."): 1}
    assert Digest.objects.count() == 1


def test_who_wants_them_at_once_again_gets_what_waits_at_the_next_run(
    noon, hourly, accept, alice, phone, provider
):
    device = phone(alice)
    hourly(alice)
    accept(alice, kind="notice")
    work()
    preferences.put(
        employee_id=alice.pk, wish=Wish(), version=0, device_id=device.pk, now=clock.now()
    )
    work()
    assert told(provider) == {(device.push_address, "You have 1 new message."): 1}
    accept(alice, kind="notice")
    work()
    assert shown(provider) == {device.push_address: 1}


def test_a_version_is_told_once_and_an_edit_again(noon, hourly, accept, alice, phone, provider):
    phone(alice)
    hourly(alice)
    notice = accept(alice, kind="notice")
    work()
    window = (noon + timedelta(minutes=50), noon + timedelta(minutes=110))
    items = [(str(notice.pk), str(alice.pk), version) for version in (1, 1, 2)]
    with transaction.atomic():
        digests.note(items, windows={str(alice.pk): window}, now=clock.now())
    assert Digested.objects.count() == 2
    with later(minutes=51):
        work()
    assert [body for _, body in told(provider)] == ["You have 1 new message."]


def test_what_the_provider_puts_off_is_told_later_under_the_same_tag(
    noon, hourly, accept, alice, phone, provider
):
    hers = phone(alice).push_address
    hourly(alice)
    accept(alice, kind="notice")
    work()
    provider.says[hers] = Outcome(Fate.LATER, "unavailable", retry_after=timedelta(minutes=3))
    with later(minutes=51):
        work()
        assert Digest.objects.get().last_error == "unavailable"
        accept(alice, kind="notice")  # it is closed: this one is the next hour's
        work()
    provider.says.clear()
    with later(minutes=55):
        work()
    assert len({push.wording.tag for push in provider.sent}) == 1
    assert len(provider.sent) == 2
    with later(minutes=111):
        work()
    assert [body for _, body in told(provider)] == ["You have 1 new message."]
    assert Digest.objects.filter(sent_at__isnull=False).count() == 2


def test_a_digest_whose_window_is_closed_takes_nothing_more(noon, hourly, accept, alice):
    hourly(alice)
    [first, second] = [accept(alice, kind="notice") for _ in range(2)]
    window = (noon + timedelta(minutes=50), noon + timedelta(minutes=110))
    note = {"windows": {str(alice.pk): window}, "now": noon}
    with transaction.atomic():
        digests.note([(str(first.pk), str(alice.pk), 1)], **note)
    assert len(digests.claim(road="push", limit=9, now=window[0])) == 1
    with transaction.atomic():  # it was read before, and is written only now
        digests.note([(str(second.pk), str(alice.pk), 1)], **note)

    ends = Digested.objects.order_by("digest__ends_at").values_list("digest__ends_at", flat=True)
    assert list(ends) == list(window)


def test_a_worker_that_is_killed_gives_it_back(noon, hourly, accept, alice, phone, provider):
    phone(alice)
    hourly(alice)
    accept(alice, kind="notice")
    work()
    end = noon + timedelta(minutes=50)
    assert len(digests.claim(road="push", limit=9, now=end)) == 1
    assert digests.claim(road="push", limit=9, now=end) == []
    assert len(digests.claim(road="push", limit=9, now=end + timedelta(hours=1))) == 1


def test_a_phone_that_is_gone_leaves_no_road_and_no_work(
    noon, hourly, accept, alice, phone, provider
):
    hers = phone(alice).push_address
    hourly(alice)
    accept(alice, kind="notice")
    work()
    provider.says[hers] = Outcome(Fate.GONE, "unregistered")
    with later(minutes=51):
        work()
    assert Device.objects.get().push_address is None
    assert Digest.objects.get().last_error == "no_road"


def test_digests_of_long_ago_are_forgotten(noon, hourly, accept, alice, phone, provider):
    phone(alice)
    hourly(alice)
    accept(alice, kind="notice")
    work()
    with later(minutes=51):
        work()
    assert digests.purge(now=clock.now()) == 0
    digests.purge(now=clock.now() + timedelta(days=92))
    assert not Digest.objects.exists()
    assert not Digested.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_somebody_is_just_adding_to_is_not_closed_over_their_head(
    noon, hourly, accept, alice, phone
):
    phone(alice)
    hourly(alice)
    first, second = (accept(alice, kind="notice") for _ in range(2))
    end = noon + timedelta(minutes=50)
    note = {"windows": {str(alice.pk): (end, end + timedelta(hours=1))}, "now": noon}
    with transaction.atomic():
        digests.note([(str(first.pk), str(alice.pk), 1)], **note)
    seen = []

    def other_worker():
        seen.append(digests.claim(road="push", limit=9, now=end))
        connection.close()

    with transaction.atomic():
        digests.note([(str(second.pk), str(alice.pk), 1)], **note)
        worker = threading.Thread(target=other_worker)
        worker.start()
        worker.join()
    assert seen == [[]]

    claimed = digests.claim(road="push", limit=9, now=end)
    [ready] = digests.look(claimed, now=end)
    assert set(ready.notifications) == {first.pk, second.pk}


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_person_once_while_more_is_gathered(
    optional, accept, alice, bob, dana, phone, provider, now
):
    for person in (alice, bob, dana):
        phone(person)
    people = sorted(str(person.pk) for person in (alice, bob, dana))
    notices = [accept(alice, bob, dana, kind="notice") for _ in range(20)]
    ends = now - timedelta(minutes=1)
    failed = []

    def alone(act):
        def run():
            try:
                act()
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        return threading.Thread(target=run)

    def gather():
        for number, notice in enumerate(notices):
            at = ends + timedelta(milliseconds=number)
            window = (at, at + timedelta(microseconds=1))
            with transaction.atomic():
                items = [(str(notice.pk), person, 1) for person in people]
                digests.note(items, windows=dict.fromkeys(people, window), now=clock.now())

    def tell():
        for _ in range(40):
            push_digest.run(now=clock.now())

    workers = [alone(gather), alone(tell), alone(tell)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    push_digest.run(now=clock.now())

    assert failed == []
    assert Digested.objects.count() == 60
    counts = Counter()
    for push in provider.sent:
        counts[push.address.value] += int(push.wording.data["body"].split()[2])
    assert set(counts.values()) == {20}  # everything once, in one digest or another
    tags = Counter(push.wording.tag for push in provider.sent)
    assert set(tags.values()) == {1}
    assert not Digest.objects.filter(due_at__isnull=False).exists()
