"""What is over goes, by table and by category; what is held stays; every purge leaves a receipt."""

import uuid
from datetime import timedelta

import pytest

from accounts import audit, people
from accounts.models import AuditEvent, Device, Employee
from accounts.privacy import holds
from hub import retention
from hub.lib import ids
from notifications import categories
from notifications.callbacks import events
from notifications.models import (
    CallbackAttempt,
    CallbackEvent,
    Category,
    Decision,
    Delivery,
    Notification,
    Recipient,
    Response,
)
from tests.notifications.acting import answer

pytestmark = pytest.mark.django_db
OFFICER = audit.Actor("staff", "7")
DAY = timedelta(days=1)


@pytest.fixture
def old(make_request, now):
    """Something that was sent long ago, under an id of its moment."""

    def make(*who, days, kind="notice", **more):
        at = now - timedelta(days=days)
        asked, readers = (who, ()) if kind == "request" else ((), who)
        sent = make_request(*asked, readers=readers, kind=kind, **{"id": aged(at), **more})
        Notification.objects.filter(pk=sent.pk).update(created_at=at)
        return Notification.objects.get(pk=sent.pk)

    def aged(at):
        return uuid.UUID(int=ids.floor(at).int | uuid.uuid4().int & (1 << 60) - 1)

    return make


def delivery(notification, person, at):
    return Delivery.objects.create(
        notification=notification, device_id=uuid.uuid4(), employee=person, purpose="show",
        version=1, state="sent", first_tried_at=at,
    )  # fmt: skip


def test_a_notice_goes_with_all_its_copies_once_its_time_is_over(alice, bob, old, now):
    over, kept = old(alice, bob, days=731), old(alice, days=729)

    receipt = retention.purge(now=now)

    assert not Notification.objects.filter(pk=over.pk).exists()
    assert list(Recipient.objects.values_list("notification", flat=True)) == [kept.pk]
    assert (receipt["Notification"], receipt["Recipient"]) == (1, 2)
    [noted] = AuditEvent.objects.filter(action="purged")
    assert noted.data == receipt
    assert retention.purge(now=now) == {}
    assert AuditEvent.objects.filter(action="purged").count() == 1


def test_a_category_says_how_long_its_own_are_kept(alice, approval, old, now):
    gone = old(alice, days=31)
    other = Category.objects.create(subsystem=approval.subsystem, key="other", name="Other")
    stays = old(alice, days=31, category=other)
    categories.keep_for(category_id=approval.pk, days=30, actor=OFFICER, now=now)

    retention.purge(now=now)

    assert list(Notification.objects.all()) == [stays]
    assert gone.pk != stays.pk


def test_of_a_decided_request_the_words_go_first_and_the_decision_after_the_legal_period(
    alice, bob, old, now
):
    request = old(alice, days=800, kind="request")
    answer(alice, request, comment="fine")
    Notification.objects.filter(pk=request.pk).update(closed_at=now - timedelta(days=799))

    retention.purge(now=now)

    request.refresh_from_db()
    assert request.card["title"] == "(deleted)"
    assert request.forgotten_at == now
    assert not Recipient.objects.filter(notification=request).exists()
    assert Decision.objects.filter(notification=request).exists()
    assert Response.objects.get().actor == alice
    assert retention.purge(now=now) == {}

    retention.purge(now=now + 3651 * DAY)
    assert not Notification.objects.exists()
    assert not Response.objects.exists()


def test_what_waits_for_answers_stays_however_old_it_is(alice, old, now):
    request = old(alice, days=5000, kind="request")

    retention.purge(now=now)

    assert list(Notification.objects.all()) == [request]


@pytest.mark.parametrize("held", ["notification", "employee"])
def test_what_a_legal_hold_covers_stays_until_it_is_lifted(alice, bob, old, now, held):
    evidence, other = old(alice, days=900), old(bob, days=900)
    delivery(evidence, alice, now - 900 * DAY)
    delivery(other, bob, now - 900 * DAY)
    on = {"notification": {"notification_id": evidence.pk}, "employee": {"employee_id": alice.pk}}
    hold = holds.place(reason="A lawsuit", actor=OFFICER, now=now, **on[held])

    retention.purge(now=now)

    assert list(Notification.objects.all()) == [evidence]
    assert Recipient.objects.count() == Delivery.objects.count() == 1
    assert other.pk != evidence.pk
    holds.lift(hold_id=hold.pk, actor=OFFICER, now=now)
    retention.purge(now=now)
    assert not Notification.objects.exists()


def test_deliveries_and_told_events_go_after_ninety_days(alice, old, now):
    notice = old(alice, days=200)
    delivery(notice, alice, now - 91 * DAY)
    kept = delivery(notice, alice, now - 89 * DAY)
    told = events.emit(notice, type_="decision.made", facts={}, now=now - 200 * DAY)
    waiting = events.emit(notice, type_="decision.made", facts={}, now=now - 200 * DAY)
    for event, state in ((told, "done"), (waiting, "pending")):
        aged = ids.floor(now - 200 * DAY + timedelta(seconds=event.sequence))
        CallbackEvent.objects.filter(pk=event.pk).update(
            id=aged, state=state, done_at=None if state == "pending" else now - 91 * DAY
        )
        event.pk = aged
    CallbackAttempt.objects.create(event_id=told.pk, tried_at=now, duration_ms=1)

    receipt = retention.purge(now=now)

    assert (receipt["Delivery"], receipt["CallbackEvent"], receipt["CallbackAttempt"]) == (1, 1, 1)
    assert CallbackEvent.objects.get().pk == waiting.pk
    assert Delivery.objects.get() == kept


def test_an_ended_session_goes_and_an_open_one_stays(alice, phone, now):
    ended, usable = phone(alice), phone(alice)
    Device.objects.filter(pk=ended.pk).update(
        closed_at=now - 91 * DAY, closed_reason="logout", push_address=None,
        push_address_index=None,
    )  # fmt: skip

    retention.purge(now=now)

    assert list(Device.objects.all()) == [usable]


def test_who_left_is_erased_after_a_month_and_comes_back_as_somebody_new(alice, bob, now):
    people.set_disabled(employee_id=alice.pk, reason="directory", actor=audit.HUB, now=now)

    retention.purge(now=now + 29 * DAY)
    alice.refresh_from_db()
    assert alice.erased_at is None
    retention.purge(now=now + 31 * DAY)

    alice.refresh_from_db()
    assert alice.employee_id.startswith("erased:")
    assert Employee.objects.filter(erased_at=None).count() == 2


def test_batches_end_the_same_as_one_go(alice, bob, charlie, old, now, monkeypatch):
    from notifications import retention as story

    monkeypatch.setattr(story, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(story, "NOTIFICATIONS_A_BATCH", 1)
    for _ in range(3):
        notice = old(alice, bob, charlie, days=900)
        for person in (alice, bob, charlie):
            delivery(notice, person, now - 900 * DAY)

    receipt = retention.purge(now=now)

    assert (receipt["Notification"], receipt["Recipient"], receipt["Delivery"]) == (3, 9, 9)
