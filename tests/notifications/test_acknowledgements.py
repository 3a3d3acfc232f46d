"""What must be confirmed waits until it is, counts for the version that was read, and no longer."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import AuditEvent
from hub.lib import clock, errors
from notifications import acknowledgements, changes, inbox, recipients, reports, withdrawal
from notifications.approvals import refusals
from notifications.models import CallbackEvent, Errand, Notification, Recipient
from notifications.waiting import for_person
from tests.accounts.test_admin import change, root
from tests.notifications.acting import answer, cleared, shown, work

__all__ = ["root"]

pytestmark = pytest.mark.django_db

FINANCE = {"any": [{"department": "Finance"}]}


def confirm(person, notification, version=1):
    return acknowledgements.acknowledge(
        employee_id=person.id, notification_id=notification.id, version=version, now=clock.now()
    )


def waiting(person):
    return inbox.counts(employee_id=person.id)["waiting"]


def edited(notification):
    """As an edit leaves it."""
    Notification.objects.filter(id=notification.id).update(version=2)
    notification.refresh_from_db()


@pytest.fixture(params=[500, 0], ids=["at once", "by fan-out"])
def policy(request, accept, alice, bob, dana, provider, settings):
    """A new travel policy that Finance must confirm: alice, bob and dana."""
    settings.SEATS_AT_MOST = request.param
    made = accept(kind="acknowledgement", audience=FINANCE)
    work()
    return made


def test_it_waits_for_everybody_until_each_has_confirmed_it(policy, alice, bob, charlie):
    assert [waiting(person) for person in (alice, bob, charlie)] == [1, 1, 0]
    [entry] = inbox.page(employee_id=alice.id, state="waiting").entries
    assert (entry["waiting_for_you"], entry["acknowledged_at"]) == (True, None)
    item = confirm(alice, policy)

    assert (item["waiting_for_you"], bool(item["acknowledged_at"])) == (False, True)
    assert [waiting(person) for person in (alice, bob)] == [0, 1]
    assert inbox.page(employee_id=alice.id, state="waiting").entries == []
    assert reports.counts(policy)["acknowledged"] == 1


def test_reading_is_not_confirming_and_confirming_is_not_reading(policy, alice, bob):
    for mark in ("seen", "read"):
        inbox.mark(employee_id=alice.id, notification_ids=[policy.id], mark=mark, now=clock.now())
    confirm(bob, policy)

    assert waiting(alice) == 1
    copy = Recipient.objects.get(employee=bob, notification=policy)
    assert (copy.seen_at, copy.read_at, copy.responded_at) == (None, None, None)


def test_it_can_be_archived_only_once_it_is_confirmed(policy, alice):
    def archive():
        return inbox.mark(
            employee_id=alice.id, notification_ids=[policy.id], mark="archived", now=clock.now()
        )

    assert archive() == 0
    confirm(alice, policy)
    assert archive() == 1


def test_confirming_again_changes_nothing_and_is_answered_alike(policy, alice):
    first = confirm(alice, policy)

    assert confirm(alice, policy) == first
    assert CallbackEvent.objects.count() <= 1


def test_what_was_edited_is_confirmed_anew(policy, alice):
    confirm(alice, policy)
    edited(policy)

    item = inbox.item(employee_id=alice.id, notification_id=policy.id)
    assert (item["waiting_for_you"], item["acknowledged_at"]) == (True, None)
    with pytest.raises(refusals.VersionChanged) as changed:
        confirm(alice, policy, version=1)
    assert changed.value.data["item"]["version"] == 2
    assert reports.counts(policy)["acknowledged"] == 0
    assert confirm(alice, policy, version=2)["acknowledged_at"]


def test_nobody_confirms_a_version_that_is_not_there_yet(policy, alice):
    with pytest.raises(refusals.VersionChanged):
        confirm(alice, policy, version=2)
    assert waiting(alice) == 1


def test_who_comes_too_late_is_told_the_truth_and_who_came_in_time_keeps_it(
    policy, alice, bob, caller
):
    confirm(bob, policy)
    withdrawal.by_subsystem(
        caller=caller, notification_id=policy.id, reason="Replaced.", now=clock.now()
    )

    assert waiting(alice) == 0
    with pytest.raises(refusals.Withdrawn) as late:
        confirm(alice, policy)
    assert late.value.data == {"state": "withdrawn", "reason": "Replaced."}
    assert confirm(bob, policy)["acknowledged_at"]


def test_when_the_time_is_over_nobody_confirms_and_the_sender_learns_how_many_did(
    accept, alice, bob, provider, now
):
    policy = accept(alice, bob, kind="acknowledgement", expires_at=now + timedelta(hours=1))
    work()
    confirm(bob, policy)
    Notification.objects.filter(id=policy.id).update(expires_at=now - timedelta(seconds=1))
    with pytest.raises(refusals.Expired):  # although nobody has closed it yet
        confirm(alice, policy)
    Errand.objects.filter(kind="expire").update(due_at=now)
    work()

    with pytest.raises(refusals.Expired):
        confirm(alice, policy)
    event = CallbackEvent.objects.get(type="notification.expired")
    data = event.body["data"]
    assert (data["recipients"], data["acknowledged"]) == (2, 1)


@pytest.mark.parametrize("kind", ["notice", "request"])
def test_only_what_asks_for_it_is_confirmed(accept, alice, kind):
    with pytest.raises(acknowledgements.NothingToAcknowledge):
        confirm(alice, accept(alice, kind=kind))
    assert Recipient.objects.get(employee=alice).acknowledged_at is None


def test_what_must_be_confirmed_takes_no_answer(policy, alice):
    with pytest.raises(refusals.NothingToAnswer):
        answer(alice, policy)


def test_a_stranger_cannot_confirm_or_even_see_it(policy, charlie):
    with pytest.raises(errors.NotFound):
        confirm(charlie, policy)


def test_the_other_phone_of_who_confirmed_is_cleared_and_nobody_else_s(
    accept, alice, bob, phone, provider
):
    phones = [phone(alice), phone(alice)]
    phone(bob)
    policy = accept(alice, bob, kind="acknowledgement")
    work()
    confirm(alice, policy)
    work()

    assert cleared(provider) == Counter(each.push_address for each in phones)
    assert len(shown(provider)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_feed_of_who_confirmed_tells_of_it_and_nobody_else_s(accept, alice, bob, provider):
    policy = accept(alice, bob, kind="acknowledgement")
    cursors = {who: changes.since(employee_id=who.id, cursor=None).cursor for who in (alice, bob)}
    confirm(alice, policy)

    [entry] = changes.since(employee_id=alice.id, cursor=cursors[alice]).entries
    assert entry["acknowledged_at"]
    assert changes.since(employee_id=bob.id, cursor=cursors[bob]).entries == []


def test_the_sender_of_a_few_is_told_of_each_and_the_sender_of_many_reads_the_report(
    accept, alice, bob, provider, settings
):
    few = accept(alice, bob, kind="acknowledgement", reference="FEW")
    settings.SEATS_AT_MOST = 1
    many = accept(kind="acknowledgement", audience=FINANCE, reference="MANY")
    work()
    for policy in (few, many):
        confirm(alice, policy)

    event = CallbackEvent.objects.get(type="notification.acknowledged")
    assert event.body["data"]["reference"] == "FEW"
    assert event.body["data"]["actor"] == {"employee_id": "E1001", "on_behalf_of": None}
    assert event.body["data"]["version"] == 1
    assert reports.counts(many)["acknowledged"] == 1


def test_the_report_tells_who_has_not_page_by_page(policy, caller, alice, bob, dana, phone):
    confirm(bob, policy)
    names, after = [], None
    for _ in range(2):
        page = recipients.page(
            caller=caller, notification_id=policy.id, acknowledged=False, after=after, page_size=1
        )
        names += [entry["employee_id"] for entry in page.entries]
        after = page.after

    assert after is None
    assert sorted(names) == ["E1000", "E1001"]
    [done] = recipients.page(caller=caller, notification_id=policy.id, acknowledged=True).entries
    assert done["employee_id"] == "E1002"
    assert done["acknowledged_at"]
    edited(policy)
    page = recipients.page(caller=caller, notification_id=policy.id, acknowledged=False)
    assert len(page.entries) == 3
    assert all(entry["acknowledged_at"] is None for entry in page.entries)


def test_the_report_of_a_request_tells_the_push_and_the_answer_of_each(
    accept, caller, alice, bob, charlie, phone, provider
):
    first, second = phone(alice), phone(alice)
    request = accept(alice, bob, charlie, policy={"mode": "all"})
    work()
    connection.cursor().execute(
        "UPDATE notifications_delivery SET state = 'failed', reason = 'x' WHERE device_id = %s",
        [first.id],
    )
    answer(alice, request)

    told = {
        entry["employee_id"]: entry
        for entry in recipients.page(caller=caller, notification_id=request.id).entries
    }
    assert told["E1001"]["delivery"] == {"state": "sent", "reason": ""}
    assert told["E1001"]["response"]["verb"] == "approve"
    assert told["E1002"]["delivery"] is told["E1002"]["response"] is None
    page = recipients.page(caller=caller, notification_id=request.id, responded=False)
    assert {entry["employee_id"] for entry in page.entries} == {"E1002", "E1003"}
    assert second.id != first.id


@pytest.mark.django_db(transaction=True)
def test_two_phones_that_confirm_at_once_tell_the_sender_once(
    accept, alice, bob, payroll, provider
):
    policy = accept(alice, bob, kind="acknowledgement")
    start = threading.Barrier(4)

    def race(person):
        start.wait()
        try:
            confirm(person, policy)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[one]) for one in (alice, alice, bob, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert CallbackEvent.objects.filter(type="notification.acknowledged").count() == 2
    assert sorted(CallbackEvent.objects.values_list("sequence", flat=True)) == [1, 2]


def test_what_waits_is_found_without_reading_everybody_s_copies(policy, alice):
    with connection.cursor() as cursor:
        # A long history of what there was only to read; no copy needs its notification.
        cursor.execute(
            "INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at)"
            " SELECT %s, gen_random_uuid(), now() FROM generate_series(1, 3000)",
            [alice.id],
        )
        cursor.execute("ANALYZE notifications_recipient")
        query = Recipient.objects.filter(for_person(alice.id), employee_id=alice.id)
        sql, parameters = query.values_list("notification_id")[:100].query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan on notifications_recipient" not in plan


def test_staff_see_who_has_not_confirmed_and_the_reading_is_recorded(root, policy, alice, bob):
    confirm(bob, policy)
    page = root.get(change(policy)).content.decode()
    address = reverse("admin:notifications_notification_recipients", args=[policy.pk])
    assert f"{address}?only=unconfirmed" in page
    listed = root.get(f"{address}?only=unconfirmed").content.decode()

    assert "E1001" in listed
    assert "E1002" not in listed
    assert "E1002" in root.get(address).content.decode()
    assert AuditEvent.objects.filter(subject_id=str(policy.pk), action__contains="read").exists()
