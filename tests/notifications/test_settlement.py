"""The matter was completed elsewhere: at once, for everybody, and on the record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from hub.lib import clock
from notifications import changes, clearing, ending, inbox, settlement, withdrawal
from notifications.approvals import refusals
from notifications.models import BroadcastChange, CallbackEvent, Errand, Notification, Recipient
from tests.notifications.acting import answer, cleared, shown, work

pytestmark = pytest.mark.django_db

SAID = {"outcome": "paid", "by": "Treasury", "note": "With the run of Friday."}


@pytest.fixture
def settle(caller):
    def act(notification, said=SAID):
        return settlement.by_subsystem(
            caller=caller, notification_id=notification.id, settlement=said, now=clock.now()
        )

    return act


@pytest.fixture
def withdraw(caller):
    def act(notification):
        return withdrawal.by_subsystem(
            caller=caller, notification_id=notification.id, reason="A mistake.", now=clock.now()
        )

    return act


@pytest.mark.parametrize("kind", ["request", "notice", "acknowledgement"])
def test_it_waits_for_nobody_is_cleared_and_says_how_it_ended(
    accept, alice, bob, phone, provider, settle, kind
):
    phone(alice)
    sent = accept(alice, bob, kind=kind)
    work()
    inbox.mark(employee_id=alice.id, notification_ids=[sent.id], mark="read", now=clock.now())
    done = settle(sent)
    work()

    item = inbox.item(employee_id=alice.id, notification_id=sent.id)
    assert (item["state"], item["waiting_for_you"], item["actions"]) == ("settled", False, [])
    assert item["settlement"] == {**SAID, "settled_at": item["closed_at"]}
    assert inbox.counts(employee_id=alice.id)["waiting"] == 0
    assert cleared(provider) == shown(provider)
    assert sum(cleared(provider).values()) == 1
    assert done.had_already == ending.HadAlready(received=2, seen=0, read=1, responded=0)
    event = CallbackEvent.objects.get()
    assert event.type == "notification.settled"
    assert event.body["data"].items() >= SAID.items()
    audited = AuditEvent.objects.get(action="settled")
    assert audited.data["had_already"]["read"] == 1
    assert "Treasury" not in str(audited.data)


def test_a_late_answer_is_told_as_what_by_whom_and_when(accept, alice, provider, settle):
    request = accept(alice)
    settle(request)

    with pytest.raises(refusals.Settled) as late:
        answer(alice, request)
    told = late.value.data["settlement"]
    request.refresh_from_db()
    assert told == {**SAID, "settled_at": clock.text(request.closed_at)}


def test_how_it_ended_is_sealed_in_the_table(accept, alice, provider, settle):
    request = accept(alice)
    settle(request)
    raw = Notification.objects.filter(id=request.id).extra(select={"raw": "settlement"})
    assert b"Treasury" not in bytes(raw.values_list("raw", flat=True)[0])


def test_a_second_time_changes_nothing_and_is_answered_alike(accept, alice, provider, settle):
    request = accept(alice)
    first, again = settle(request), settle(request, {**SAID, "outcome": "other"})

    assert again.had_already == first.had_already
    assert again.notification.settlement == SAID
    assert CallbackEvent.objects.count() == 1


def test_what_ended_by_another_road_is_refused_with_its_record(
    accept, alice, provider, settle, withdraw
):
    decided, withdrawn, settled = accept(alice), accept(alice), accept(alice)
    answer(alice, decided)
    withdraw(withdrawn)
    settle(settled)

    for notification in (decided, withdrawn):
        with pytest.raises(ending.AlreadyClosed) as late:
            settle(notification)
        assert late.value.data["notification"]["state"] in {"decided", "withdrawn"}
    with pytest.raises(ending.AlreadyClosed) as late:
        withdraw(settled)
    assert late.value.data["notification"]["settlement"]["outcome"] == "paid"


def test_what_nobody_was_asked_yet_is_not_settled(accept, alice, provider, settle, now):
    scheduled = accept(alice, kind="notice", send_at=now + timedelta(hours=1))
    with pytest.raises(ending.NotOpen) as early:
        settle(scheduled)
    assert early.value.data["notification"]["state"] == "scheduled"


@pytest.mark.parametrize("road", ["settle", "withdraw", "expire"])
def test_a_survey_ends_with_its_numbers(
    accept, alice, bob, charlie, provider, settle, withdraw, now, road
):
    survey = accept(
        alice, bob, charlie, policy={"mode": "collect"}, expires_at=now + timedelta(hours=1)
    )
    Notification.objects.filter(id=survey.id).update(
        content={**survey.card, "actions": [
            {"verb": verb, "label": verb, "effect": "answer", "comment": ""} for verb in ("yes", "no", "maybe")
        ]}
    )  # fmt: skip
    answer(alice, survey, "yes")
    answer(bob, survey, "yes")
    answer(charlie, survey, "no")
    if road == "expire":
        Errand.objects.filter(kind="expire").update(due_at=clock.now())
        work()
    else:
        {"settle": settle, "withdraw": withdraw}[road](survey)

    event = CallbackEvent.objects.order_by("sequence").last()
    assert event.type == {"expire": "notification.expired"}.get(
        road, {"settle": "notification.settled", "withdraw": "notification.withdrawn"}.get(road)
    )
    assert event.body["data"]["answers"] == {"yes": 2, "no": 1, "maybe": 0}


@pytest.mark.parametrize("road", ["settle", "withdraw"])
def test_closing_a_broadcast_costs_the_same_for_four_people_as_for_one(
    accept, alice, bob, charlie, dana, phone, provider, settle, withdraw, settings, road
):
    act = {"settle": settle, "withdraw": withdraw}[road]
    everybody = {"any": [{"everybody": True}]}
    devices = [phone(person) for person in (alice, bob, charlie, dana)]
    settings.FAN_OUT_BATCH = settings.SEATS_AT_MOST = 1
    few, many = accept(alice, kind="notice"), accept(kind="notice", audience=everybody)
    work()
    statements = []
    for notice in (few, many):
        cursor = changes.since(employee_id=alice.id, cursor=None).cursor
        touched = {copy.pk: copy.changed_in for copy in Recipient.objects.all()}
        with CaptureQueriesContext(
            connection,
        ) as asked:
            act(notice)
        statements.append(len(asked))

        # The state is the truth at once: not a copy was written, and the feed has one row of it.
        assert {copy.pk: copy.changed_in for copy in Recipient.objects.all()} == touched
        assert BroadcastChange.objects.filter(notification=notice).count() == 1
        assert not Errand.objects.filter(purpose="clear").exists()
        assert inbox.item(employee_id=alice.id, notification_id=notice.id)["state"] != "open"
        assert cursor
    assert statements[0] == statements[1]
    # The trays follow by errand, range by range.
    ranges = clearing._ranges(many.id)
    assert len(ranges) == 4
    work()
    addresses = {device.push_address for device in devices}
    assert {address for address, times in cleared(provider).items() if times} == addresses
    assert not Errand.objects.exists()
