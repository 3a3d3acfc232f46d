"""From accepted to decided, step by step, on the real database with a scripted push provider."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import AuditEvent, Device
from accounts.subsystems import Caller
from hub.lib import clock, errors
from notifications import drain, errands, fanout, inbox, queues, reports
from notifications.approvals import refusals
from notifications.models import (
    CallbackEvent,
    Category,
    Decision,
    Delivery,
    Errand,
    Notification,
    Recipient,
    Response,
    Seat,
)
from notifications.push import send
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db


def test_a_request_reaches_every_phone_of_every_approver_and_nobody_else(
    accept, alice, bob, charlie, phone, provider
):
    phones = [phone(alice), phone(bob), phone(bob)]
    phone(charlie)
    request = accept(alice, bob)
    work()

    assert shown(provider) == Counter(p.push_address for p in phones)
    assert set(Recipient.objects.values_list("employee_id", flat=True)) == {alice.id, bob.id}
    assert Delivery.objects.filter(notification=request, state="sent").count() == 3
    assert not Errand.objects.exists()


def test_a_department_is_told_and_a_disabled_colleague_is_not(
    accept, alice, bob, charlie, phone, provider, now
):
    phones = [phone(alice), phone(bob)]
    bob.disabled_at = now
    bob.save()
    accept(kind="notice", audience={"any": [{"department": "Finance"}]})
    work()

    assert shown(provider) == Counter([phones[0].push_address])


def test_fan_out_in_small_batches_gives_everybody_exactly_one_copy(
    accept, alice, bob, charlie, dana, phone, provider, settings
):
    settings.FAN_OUT_BATCH = settings.SEATS_AT_MOST = 1  # more than one person: batch by batch
    for person in (alice, bob, charlie, dana):
        phone(person)
    notice = accept(kind="notice", audience={"any": [{"everybody": True}]})
    work()

    notice.refresh_from_db()
    assert notice.recipient_count == Recipient.objects.count() == 4
    assert notice.fanned_out_at is not None
    assert set(shown(provider).values()) == {1}
    assert len(shown(provider)) == 4


def test_a_fan_out_that_crashed_between_batches_goes_on_where_it_was(
    accept, alice, bob, charlie, settings, monkeypatch, provider
):
    settings.FAN_OUT_BATCH = settings.SEATS_AT_MOST = 1  # more than one person: batch by batch
    accept(kind="notice", audience={"any": [{"everybody": True}]})
    calls = iter([True, False])
    monkeypatch.setattr(errands, "extend", lambda errand, now: next(calls))
    drain.drain(queue=queues.BULK)  # loses its lease after the second batch
    assert Recipient.objects.count() >= 2
    monkeypatch.undo()
    Errand.objects.update(lease_until=None)
    monkeypatch.setattr(send, "gateway", lambda: provider)
    work()

    assert Recipient.objects.count() == 4


def test_a_long_fan_out_gives_its_errand_back_and_goes_on_without_counting_as_a_failure(
    accept, alice, bob, charlie, phone, provider, settings, monkeypatch
):
    settings.FAN_OUT_BATCH = settings.SEATS_AT_MOST = 1
    monkeypatch.setattr(fanout, "AT_A_TIME", timedelta(0))
    for person in (alice, bob, charlie):
        phone(person)
    accept(kind="notice", audience={"any": [{"everybody": True}]})
    errand = errands.claim(queue=queues.BULK, limit=1, now=clock.now())[0]
    drain.attempt(errand, fanout.run)

    assert Recipient.objects.count() == 1
    waiting = Errand.objects.get(id=errand.id)
    assert (waiting.attempts, waiting.lease_until) == (0, None)
    work()
    assert Recipient.objects.count() == 4
    assert set(shown(provider).values()) == {1}


def test_an_approval_decides_closes_clears_and_tells_in_one_go(
    accept, alice, bob, phone, provider, payroll
):
    payroll.callback_url = "https://payroll.corp.example/hook"
    payroll.save()
    a, b = phone(alice), phone(bob)
    request = accept(alice, bob, reference="EXP-1", metadata={"k": 1})
    work()
    item = answer(alice, request)

    assert item["decision"]["effect"] == "approve"
    assert item["decision"]["by_you"]
    assert item["state"] == "decided"
    event = CallbackEvent.objects.get()
    assert event.type == "decision.made"
    assert event.body["data"]["actor"] == {"employee_id": "E1001", "on_behalf_of": None}
    assert event.body["data"]["metadata"] == {"k": 1}
    assert event.body["data"]["reference"] == "EXP-1"
    assert AuditEvent.objects.filter(action="decided", subject_id=str(request.id)).count() == 1
    provider.sent.clear()
    Errand.objects.filter(kind="call_back").delete()
    work()
    cleared = {p.address.value for p in provider.sent if p.wording.data["type"] == "clear"}
    assert cleared == {a.push_address, b.push_address}


def test_a_late_answer_is_told_who_decided_what_and_when(accept, alice, bob, provider):
    request = accept(alice, bob)
    work()
    answer(alice, request)

    with pytest.raises(refusals.AlreadyDecided) as late:
        answer(bob, request, verb="reject", comment="no")
    decision = late.value.data["decision"]
    assert decision["effect"] == "approve"
    assert decision["decided_by"]["employee_id"] == "E1001"
    assert decision["decided_at"]
    assert Decision.objects.count() == CallbackEvent.objects.count() == 1


def test_repeating_ones_own_answer_changes_nothing_and_is_answered_alike(
    accept, alice, bob, provider
):
    request = accept(alice, bob)
    work()

    assert answer(alice, request) == answer(alice, request)
    assert Response.objects.count() == Decision.objects.count() == 1


def test_a_rejection_needs_a_reason(accept, alice, provider):
    request = accept(alice)
    work()

    with pytest.raises(refusals.CommentRequired):
        answer(alice, request, verb="reject", comment="  ")
    assert (
        answer(alice, request, verb="reject", comment="Too much.")["decision"]["effect"] == "reject"
    )
    assert Response.objects.get().comment == "Too much."


def test_an_answer_to_content_that_changed_is_refused_with_the_new_content(accept, alice, provider):
    request = accept(alice)
    work()
    Notification.objects.update(version=2)

    with pytest.raises(refusals.VersionChanged) as changed:
        answer(alice, request, version=1)
    assert changed.value.data["item"]["version"] == 2
    assert not Response.objects.exists()


def test_who_sees_a_request_without_a_seat_may_not_answer_and_the_stranger_sees_nothing(
    accept, alice, bob, charlie, provider, now
):
    request = accept(alice)
    work()
    Recipient.objects.create(employee=bob, notification=request, arrived_at=now)

    with pytest.raises(refusals.NotYoursToAnswer):
        answer(bob, request)
    with pytest.raises(errors.NotFound):
        answer(charlie, request)
    with pytest.raises(errors.NotFound):
        inbox.item(employee_id=charlie.id, notification_id=request.id)


def test_the_requester_is_not_among_those_who_are_asked(accept, alice, bob, provider):
    request = accept(alice, bob, requester=alice.employee_id)

    assert [seat.holder_id for seat in Seat.objects.all()] == [bob.id]
    with pytest.raises(errors.Invalid) as nobody:
        accept(alice, requester=alice.employee_id)
    assert nobody.value.errors[0].code == "audience_empty"
    assert request.state == "open"


def test_all_must_approve_where_the_policy_says_so_and_each_answer_is_told(
    accept, alice, bob, provider, payroll
):
    request = accept(alice, bob, policy={"mode": "all"})
    work()
    assert answer(alice, request)["decision"] is None
    assert answer(bob, request)["decision"]["effect"] == "approve"

    told = CallbackEvent.objects.order_by("sequence")
    assert [(event.sequence, event.type) for event in told] == [
        (1, "response.recorded"),
        (2, "decision.made"),
    ]
    assert {event.state for event in told} == {"kept"}, "payroll has no endpoint"


def test_there_cannot_be_two_decisions(accept, alice, provider, now):
    request = accept(alice)
    work()
    answer(alice, request)

    with pytest.raises(IntegrityError), transaction.atomic():
        Decision(
            notification=request, version=1, verb="reject", effect="reject", decided_at=now
        ).save(force_insert=True)


def test_an_unregistered_address_is_forgotten_and_a_malformed_message_punishes_nobody(
    accept, alice, bob, phone, provider
):
    gone, ours = phone(alice), phone(bob)
    provider.says = {
        gone.push_address: Outcome(Fate.GONE, "unregistered"),
        ours.push_address: Outcome(Fate.OURS, "invalid_argument"),
    }
    accept(alice, bob)
    work()

    assert set(Delivery.objects.values_list("state", "reason")) == {
        ("failed", "unregistered"),
        ("failed", "invalid_argument"),
    }
    gone.refresh_from_db()
    ours.refresh_from_db()
    assert gone.push_address is None
    assert gone.push_lost_reason == "unregistered"
    assert ours.push_address is not None


def test_an_address_that_was_renewed_meanwhile_is_kept_and_gets_the_push(
    accept, alice, phone, provider, now
):
    device = phone(alice)
    address = device.push_address

    def renewing(pushes):
        Device.objects.filter(id=device.id).update(push_registered_at=now + timedelta(seconds=5))
        return [Outcome(Fate.GONE, "unregistered") for _ in pushes]

    usual, provider.send = provider.send, renewing
    accept(alice)
    work()

    device.refresh_from_db()
    assert device.push_address == address
    assert Delivery.objects.values_list("state", "reason").get() == ("queued", "address_renewed")
    provider.send = usual
    Errand.objects.update(due_at=clock.now())
    work()
    assert shown(provider) == Counter([address])
    assert Delivery.objects.get().state == "sent"


def test_a_push_to_be_tried_later_is_tried_later_and_only_for_those_who_need_it(
    accept, alice, bob, phone, provider
):
    fine, busy = phone(alice), phone(bob)
    provider.says = {
        busy.push_address: Outcome(Fate.LATER, "unavailable", retry_after=timedelta(seconds=90))
    }
    accept(alice, bob, priority="urgent")
    work()
    errand = Errand.objects.get()
    assert errand.due_at >= clock.now() + timedelta(seconds=60)
    assert Delivery.objects.get(device_id=busy.id).state == "queued"

    provider.says, provider.sent = {}, []
    Errand.objects.update(due_at=clock.now())
    work()
    assert shown(provider) == Counter([busy.push_address])
    assert Delivery.objects.get(device_id=busy.id).state == "sent"
    assert Delivery.objects.get(device_id=busy.id).attempts == 2
    assert fine.push_address


def of_project(device, name):
    Device.objects.filter(id=device.id).update(push_project=name)
    return device


def test_a_project_that_has_to_wait_does_not_hold_up_the_other_one(
    accept, alice, bob, phone, provider
):
    fast, slow = phone(alice), of_project(phone(bob), "us")
    provider.waits = {"us": timedelta(minutes=1)}
    accept(alice, bob)
    work()
    assert shown(provider) == Counter([fast.push_address])
    errand = Errand.objects.get()
    assert errand.due_at > clock.now() + timedelta(seconds=30)
    assert (errand.last_error, errand.attempts) == ("rate", 0)  # it was not tried

    provider.waits = {}
    Errand.objects.update(due_at=clock.now())
    work()
    assert shown(provider) == Counter([fast.push_address, slow.push_address])
    assert not Errand.objects.exists()


def test_a_project_that_refuses_us_stops_its_own_lane_alone(accept, alice, bob, phone, provider):
    fine = [phone(alice) for _ in range(3)]
    foreign = [of_project(phone(bob), "us") for _ in range(3)]
    mismatch = Outcome(Fate.OURS, "sender_id_mismatch")
    provider.says = {device.push_address: mismatch for device in (*foreign, fine[0])}
    accept(alice, bob)
    work()
    # In its own project one phone of three is one too few to doubt the project.
    assert Counter(Delivery.objects.values_list("device__push_project", "state")) == {
        ("", "sent"): 2,
        ("", "failed"): 1,
        ("us", "queued"): 3,
    }
    assert Device.objects.filter(push_address_index__isnull=False).count() == 6


def test_wrong_credentials_stop_the_lane_and_no_phone_is_blamed(accept, alice, phone, provider):
    device = phone(alice)
    provider.says = {device.push_address: Outcome(Fate.OURS, "unauthenticated", stop_lane=True)}
    accept(alice)
    work()

    assert Delivery.objects.get().state == "queued"
    assert Errand.objects.get().due_at > clock.now()


def test_what_was_closed_meanwhile_is_not_pushed(accept, alice, bob, phone, provider):
    phone(alice), phone(bob)
    request = accept(alice, bob)
    answer(alice, request)
    work()

    assert shown(provider) == Counter()


def test_a_test_key_does_everything_but_the_last_wire(
    accept, alice, phone, provider, caller, monkeypatch
):
    phone(alice)
    request = accept(alice)
    Notification.objects.update(mode="test")
    work()

    assert provider.sent == []
    assert Delivery.objects.get(notification=request).state == "suppressed"


def test_a_scheduled_notice_waits_for_its_time(accept, alice, phone, provider, now):
    phone(alice)
    notice = accept(alice, kind="notice", send_at=now + timedelta(hours=1))
    work()
    assert notice.state == "scheduled"
    assert not Recipient.objects.exists()

    Errand.objects.update(due_at=clock.now())
    work()
    notice.refresh_from_db()
    assert notice.state == "open"
    assert Recipient.objects.count() == 1


@pytest.mark.parametrize(
    ("on_expiry", "state", "effect"),
    [("none", "expired", None), ("approve", "decided", "approve"), ("reject", "decided", "reject")],
)
def test_when_the_time_is_over_the_default_holds(
    accept, alice, provider, now, on_expiry, state, effect
):
    request = accept(alice, expires_at=now + timedelta(hours=1), on_expiry=on_expiry)
    work()
    Errand.objects.update(due_at=clock.now())
    work()

    item = inbox.item(employee_id=alice.id, notification_id=request.id)
    assert item["state"] == state
    assert (item["decision"] or {}).get("effect") == effect
    assert CallbackEvent.objects.get().type == (
        "notification.expired" if effect is None else "decision.made"
    )


def test_a_lease_that_ends_gives_the_errand_to_another_and_the_first_can_not_finish_it(
    accept, alice
):
    accept(alice)
    first = errands.claim(queue=queues.PUSH, limit=1, now=clock.now())[0]
    assert errands.claim(queue=queues.PUSH, limit=1, now=clock.now()) == []

    later = clock.now() + timedelta(minutes=5)
    second = errands.claim(queue=queues.PUSH, limit=1, now=later)[0]
    assert second.id == first.id
    assert not errands.finish(first)
    assert errands.finish(second)


def test_what_belongs_to_a_paused_sub_system_is_left_and_lost_is_nothing(
    accept, alice, payroll, now
):
    accept(alice)
    payroll.paused_at = now
    payroll.save()
    assert errands.claim(queue=queues.PUSH, limit=1, now=clock.now()) == []

    payroll.paused_at = None
    payroll.save()
    assert len(errands.claim(queue=queues.PUSH, limit=1, now=clock.now())) == 1


def test_an_errand_that_always_fails_is_kept_as_dead_and_the_others_go_on(
    accept, alice, monkeypatch, provider, phone
):
    phone(alice)
    accept(alice)
    accept(alice, reference="second")
    broken = Errand.objects.order_by("id").first()
    real = send.prepare

    def prepare(batch, now):
        if any(errand.id == broken.id for errand in batch):
            raise RuntimeError("poison")
        return real(batch, now)

    monkeypatch.setattr(send, "prepare", prepare)
    Errand.objects.filter(id=broken.id).update(attempts=errands.CLAIMS_AT_MOST)
    work()

    broken.refresh_from_db()
    assert broken.dead_at is not None
    assert broken.last_error == "RuntimeError"
    assert len(provider.sent) == 1


def test_a_sub_system_reads_what_became_of_it_and_another_reads_nothing(
    accept, alice, provider, phone, caller, rosters
):
    phone(alice)
    request = accept(alice, reference="EXP-9")
    work()
    answer(alice, request)

    report = reports.one(caller=caller, notification_id=request.id)
    assert report["state"] == "decided"
    assert report["decision"]["decided_by"]["employee_id"] == "E1001"
    assert report["counts"]["pushes_sent"] == 1
    assert [entry["id"] for entry in reports.page(caller=caller, reference="EXP-9").entries] == [
        str(request.id)
    ]
    stranger = Caller(subsystem_id=rosters.id, key_id=uuid.uuid4(), mode="live")
    with pytest.raises(errors.NotFound):
        reports.one(caller=stranger, notification_id=request.id)
    assert reports.page(caller=stranger).entries == []


def test_unread_and_waiting_are_counted_and_marking_is_of_ones_own_copies_only(
    accept, alice, bob, provider
):
    request, notice = accept(alice, bob), accept(alice, bob, kind="notice")
    work()
    assert inbox.counts(employee_id=alice.id) == {
        "unread": 2,
        "waiting": 1,
        "snoozed": 0,
        "capped": False,
    }

    ids = [request.id, notice.id]
    marked = inbox.mark(employee_id=alice.id, notification_ids=ids, mark="read", now=clock.now())
    assert marked == 2
    assert inbox.mark(employee_id=alice.id, notification_ids=ids, mark="read", now=clock.now()) == 0
    assert inbox.counts(employee_id=alice.id)["unread"] == 0
    assert inbox.counts(employee_id=bob.id)["unread"] == 2


def test_a_request_that_waits_for_my_answer_cannot_be_archived(accept, alice, provider):
    request, notice = accept(alice), accept(alice, kind="notice")
    work()
    ids = [request.id, notice.id]

    assert (
        inbox.mark(employee_id=alice.id, notification_ids=ids, mark="archived", now=clock.now())
        == 1
    )
    assert [e["id"] for e in inbox.page(employee_id=alice.id).entries] == [str(request.id)]
    assert [e["id"] for e in inbox.page(employee_id=alice.id, state="archived").entries] == [
        str(notice.id)
    ]


def test_the_inbox_is_paged_forth_and_back_without_gap_or_repeat(accept, alice, provider):
    made = [str(accept(alice, kind="notice").id) for _ in range(7)]
    work()
    seen, cursor, pages = [], None, []
    while True:
        page = inbox.page(employee_id=alice.id, after=cursor, page_size=3)
        pages.append(page)
        seen += [entry["id"] for entry in page.entries]
        cursor = page.after
        if cursor is None:
            break

    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen))
    back = inbox.page(employee_id=alice.id, before=pages[1].before, page_size=3)
    assert back.entries == pages[0].entries


def test_a_restricted_card_is_sealed_in_the_table_and_not_in_the_push(
    accept, alice, phone, provider
):
    phone(alice)
    request = accept(alice, sensitivity="restricted")
    work()

    request.refresh_from_db()
    assert request.content is None
    assert request.card["title"] == "Expense report"
    assert set(provider.sent[0].wording.data) == {"v", "type", "id"}
    assert audit.HUB.kind == "hub"


def test_sub_systems_take_turns_and_urgent_work_comes_first(
    accept, alice, approval, caller, rosters, now
):
    theirs = Category.objects.create(subsystem=rosters, key="approval", name="Approval")
    for _ in range(6):
        accept(alice)
    own = Notification.objects.first()
    for _ in range(2):
        errands.add(
            kind=Errand.Kind.PUSH,
            notification=Notification(
                id=own.id, subsystem=rosters, category=theirs, kind="request", priority="normal"
            ),
            size=1, due_at=now, now=now,
        )  # fmt: skip
    urgent = accept(alice, priority="urgent")

    claimed = errands.claim(queue=queues.PUSH, limit=100, weight=5, now=clock.now())
    assert claimed[0].notification_id == urgent.id
    senders = Counter(errand.subsystem_id for errand in claimed[1:])
    assert senders == {approval.subsystem_id: 2, rosters.id: 2}


def test_a_claim_takes_many_small_errands_or_one_that_fills_it(accept, alice):
    for _ in range(5):
        accept(alice)
    Errand.objects.filter(id=Errand.objects.order_by("id")[2].id).update(size=2000)

    claimed = errands.claim(queue=queues.PUSH, limit=100, weight=1000, now=clock.now())
    assert [errand.size for errand in claimed] == [1, 1, 2000]
    assert len(errands.claim(queue=queues.PUSH, limit=100, weight=1000, now=clock.now())) == 2


def test_a_worker_on_a_broadcast_does_first_what_people_wait_for(
    accept, alice, bob, phone, provider
):
    phone(alice), phone(bob)
    notice = accept(alice, kind="notice")
    request = accept(bob)
    drain.drain(queue=queues.BULK)

    tags = [push.wording.tag for push in provider.sent]
    assert tags == [str(request.id), str(notice.id)]
