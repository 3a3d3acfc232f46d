"""Taking a notification back: at any moment, at once, for everybody, and on the record."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from hub.lib import clock, errors
from notifications import drain, ending, errands, inbox, lifecycle, queues, reports, withdrawal
from notifications.approvals import refusals
from notifications.models import CallbackEvent, Delivery, Errand, Notification, Recipient
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import answer, cleared, shown, work

pytestmark = pytest.mark.django_db

EVERYBODY = {"any": [{"everybody": True}]}


@pytest.fixture
def withdraw(caller):
    def act(notification, reason="Sent by mistake."):
        return withdrawal.by_subsystem(
            caller=caller, notification_id=notification.id, reason=reason, now=clock.now()
        )

    return act


@pytest.fixture
def crowd(alice, bob, charlie, dana, phone, settings):
    """Four people with a phone each, told in batches of one."""
    settings.FAN_OUT_BATCH = settings.SEATS_AT_MOST = 1
    return [phone(person) for person in (alice, bob, charlie, dana)]


def step(queue=queues.BULK):
    """One errand, the first that is due."""
    [errand] = errands.claim(queue=queue, limit=1, now=clock.now())
    if errand.kind == Errand.Kind.PUSH:
        drain.push(drain.Batch([errand]))
    else:
        drain.attempt(errand, drain.STEPS[errand.kind])


def test_a_withdrawn_notification_stays_in_the_list_with_its_reason_and_waits_for_nobody(
    accept, alice, provider, withdraw
):
    request = accept(alice)
    work()
    withdraw(request, reason="The amount was wrong.")
    work()

    [item] = inbox.page(employee_id=alice.id).entries
    assert (item["state"], item["closed_reason"]) == ("withdrawn", "The amount was wrong.")
    assert item["closed_at"]
    assert not item["waiting_for_you"]
    assert item["actions"] == []
    assert inbox.counts(employee_id=alice.id)["waiting"] == 0
    with pytest.raises(refusals.Withdrawn) as late:
        answer(alice, request)
    assert late.value.data == {"state": "withdrawn", "reason": "The amount was wrong."}


def test_the_reason_is_sealed_in_the_table(accept, alice, provider, withdraw):
    request = accept(alice, sensitivity="restricted")
    withdraw(request, reason="The amount was wrong.")

    raw = Notification.objects.filter(id=request.id).extra(select={"raw": "closed_reason"})
    assert b"amount" not in bytes(raw.values_list("raw", flat=True)[0])


def test_the_sender_learns_how_many_had_it_already_and_learns_the_same_when_asking_again(
    accept, alice, bob, charlie, provider, withdraw
):
    notice = accept(alice, bob, charlie, kind="notice")
    work()
    inbox.mark(employee_id=alice.id, notification_ids=[notice.id], mark="seen", now=clock.now())
    inbox.mark(employee_id=alice.id, notification_ids=[notice.id], mark="read", now=clock.now())
    inbox.mark(employee_id=bob.id, notification_ids=[notice.id], mark="seen", now=clock.now())
    first = withdraw(notice)
    inbox.mark(employee_id=charlie.id, notification_ids=[notice.id], mark="read", now=clock.now())
    again = withdraw(notice, reason="Another reason.")

    assert first.had_already == ending.HadAlready(received=3, seen=2, read=1, responded=0)
    assert again.had_already == first.had_already
    assert again.notification.closed_reason == "Sent by mistake."
    assert CallbackEvent.objects.count() == 1
    assert AuditEvent.objects.filter(action="withdrawn", subject_id=str(notice.id)).count() == 1


@pytest.mark.parametrize("kind", ["notice", "request"])
def test_the_sub_system_is_told_of_the_withdrawal_of_either_kind(
    accept, alice, provider, withdraw, kind
):
    withdraw(accept(alice, kind=kind, reference="EXP-1"))

    event = CallbackEvent.objects.get()
    assert event.type == "notification.withdrawn"
    assert event.body["data"]["state"] == "withdrawn"
    assert event.body["data"]["reason"] == "Sent by mistake."
    assert event.body["data"]["had_already"]["received"] == 1
    assert "reason" not in str(AuditEvent.objects.get(action="withdrawn").data)


def test_what_is_decided_can_not_be_taken_back_and_the_record_is_enclosed(
    accept, alice, provider, withdraw
):
    request = accept(alice)
    work()
    answer(alice, request)

    with pytest.raises(ending.AlreadyClosed) as late:
        withdraw(request)
    assert late.value.data["notification"]["decision"]["effect"] == "approve"
    request.refresh_from_db()
    assert request.state == "decided"
    assert request.closed_reason is None


def test_nobody_withdraws_what_another_sub_system_or_another_mode_sent(
    accept, alice, provider, caller, rosters
):
    request = accept(alice)
    for other in (replace(caller, subsystem_id=rosters.id), replace(caller, mode="test")):
        with pytest.raises(errors.NotFound):
            withdrawal.by_subsystem(
                caller=other, notification_id=request.id, reason="x", now=clock.now()
            )
    assert Notification.objects.get().state == "open"


def test_a_fan_out_that_is_cancelled_in_the_middle_stops_at_the_next_batch(
    accept, crowd, provider, withdraw, monkeypatch
):
    notice = accept(kind="notice", audience=EVERYBODY)
    extend, batches = errands.extend, []

    def between(errand, now):
        batches.append(errand)
        if len(batches) == 2:
            withdraw(notice)
        return extend(errand, now=now)

    monkeypatch.setattr(errands, "extend", between)
    step()

    assert Recipient.objects.count() == len(batches) == 2
    assert not Errand.objects.filter(kind="fan_out").exists()
    work()
    assert shown(provider) == cleared(provider) == Counter()
    notice.refresh_from_db()
    assert notice.fanned_out_at is None
    assert notice.recipient_count == 2


def test_batches_that_wait_are_not_pushed_and_only_those_who_were_shown_it_are_cleared(
    accept, crowd, provider, withdraw
):
    notice = accept(kind="notice", audience=EVERYBODY)
    step()  # the fan-out, which leaves four pushes
    step()
    withdraw(notice)
    work()

    assert sum(shown(provider).values()) == 1
    assert cleared(provider) == shown(provider)
    assert not Errand.objects.exists()


def test_a_push_that_was_under_way_while_it_was_withdrawn_is_cleared_once_it_is_recorded(
    accept, alice, phone, provider, withdraw
):
    device = phone(alice)
    notice = accept(alice, kind="notice")
    send = provider.send

    def slowly(pushes):
        provider.send = send
        withdraw(notice)
        step(queues.BULK)  # the closing, by another worker
        step(queues.BULK)  # its clearing push, which finds nothing to clear yet
        assert cleared(provider) == Counter()
        return send(pushes)

    provider.send = slowly
    step()
    assert shown(provider) == Counter([device.push_address])
    for _ in range(3):
        Errand.objects.update(due_at=clock.now())
        work()

    assert cleared(provider) == Counter([device.push_address])
    assert not Errand.objects.exists()


def test_a_push_to_be_tried_again_is_cancelled_by_the_withdrawal(
    accept, alice, phone, provider, withdraw
):
    device = phone(alice)
    provider.says = {device.push_address: Outcome(Fate.LATER, "unavailable")}
    notice = accept(alice, kind="notice")
    work()
    withdraw(notice)
    Errand.objects.update(due_at=clock.now())
    provider.says, provider.sent = {}, []
    work()

    assert shown(provider) == Counter()
    assert Delivery.objects.get(purpose="show").state == "cancelled"


def test_a_scheduled_notice_can_be_cancelled_before_its_time_and_nobody_hears_of_it(
    accept, alice, phone, provider, withdraw, now
):
    phone(alice)
    notice = accept(
        alice, kind="notice", send_at=now + timedelta(hours=1), expires_at=now + timedelta(hours=2)
    )
    done = withdraw(notice)
    Errand.objects.update(due_at=clock.now())
    work()

    assert done.had_already.received == 0
    assert not Recipient.objects.exists()
    assert provider.sent == []
    assert not Errand.objects.exists()
    notice.refresh_from_db()
    assert notice.state == "withdrawn"


def test_a_scheduled_notice_of_many_is_sent_at_its_time_and_not_before(
    accept, crowd, provider, now
):
    accept(kind="notice", audience=EVERYBODY, send_at=now + timedelta(hours=1))
    work()
    assert not Recipient.objects.exists()
    Errand.objects.update(due_at=clock.now())
    work()

    assert shown(provider) == Counter(device.push_address for device in crowd)


@pytest.mark.parametrize("state", sorted(Notification.CLOSED))
def test_a_closing_state_is_final(make_request, alice, now, state):
    request = make_request(alice)
    lifecycle.move(request, to=state, now=now)

    for other in Notification.State:
        assert not lifecycle.may(request, become=other)
        with pytest.raises(lifecycle.Forbidden):
            lifecycle.move(request, to=other, now=now)


def test_what_nobody_was_asked_is_not_decided_by_default(accept, alice, provider, now):
    request = accept(
        alice, send_at=now + timedelta(hours=1), expires_at=now + timedelta(hours=2),
        on_expiry="approve",
    )  # fmt: skip
    Errand.objects.filter(kind="fan_out").update(due_at=now + timedelta(hours=3))  # a long pause
    Errand.objects.filter(kind="expire").update(due_at=clock.now())
    work()

    request.refresh_from_db()
    assert request.state == "expired"
    assert reports.report(request)["decision"] is None
