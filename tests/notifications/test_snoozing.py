"""What can't be dismissed can be put off, and comes back by itself."""

from datetime import timedelta

import pytest

from hub.lib import clock, errors
from notifications import changes, drain, editing, errands, inbox, queues
from notifications.models import Errand, Recipient

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return clock.now()


def snooze(person, sent, now, until=HOUR):
    return inbox.snooze(
        employee_id=person.id,
        notification_id=sent.id,
        until=None if until is None else now + until,
        now=now,
    )


def ids(person, state="open", now=None):
    return [e["id"] for e in inbox.page(employee_id=person.id, state=state, now=now).entries]


def told(person, cursor):
    page = changes.since(employee_id=person.id, cursor=cursor)
    return [entry["id"] for entry in page.entries], page.cursor


def test_it_leaves_my_list_and_my_counts_and_nobody_elses(alice, bob, make_request, now):
    request = make_request(alice, bob)
    item = snooze(alice, request, now)

    assert item["snoozed_until"] == clock.text(now + HOUR)
    assert item["waiting_for_you"]
    assert (ids(alice), ids(alice, "waiting"), ids(alice, "snoozed")) == ([], [], [str(request.id)])
    assert ids(bob) == ids(bob, "waiting") == [str(request.id)]
    assert inbox.counts(employee_id=alice.id) == {
        "unread": 0, "waiting": 0, "snoozed": 1, "capped": False,
    }  # fmt: skip
    assert inbox.counts(employee_id=bob.id)["waiting"] == 1


def test_it_is_back_at_its_moment_whether_or_not_a_worker_lives(alice, make_request, now):
    request = make_request(alice)
    snooze(alice, request, now)

    assert ids(alice, now=now + HOUR - timedelta(seconds=1)) == []
    assert ids(alice, now=now + HOUR) == [str(request.id)]
    assert inbox.counts(employee_id=alice.id, now=now + HOUR)["waiting"] == 1


def test_my_other_phone_is_told_that_it_left_and_that_it_is_back(
    alice, make_request, now, time_machine
):
    request = make_request(alice)
    cursor = changes.since(employee_id=alice.id, cursor=None).cursor
    snooze(alice, request, now)
    found, cursor = told(alice, cursor)
    assert found == [str(request.id)]
    assert drain.drain(queue=queues.MAINTENANCE) == 0

    time_machine.move_to(now + HOUR, tick=False)
    drain.drain(queue=queues.MAINTENANCE)
    found, cursor = told(alice, cursor)
    assert found == [str(request.id)]
    assert told(alice, cursor)[0] == []
    assert not Errand.objects.exists()


def test_a_later_moment_wins_over_the_earlier_errand(alice, make_request, now, time_machine):
    request = make_request(alice)
    snooze(alice, request, now)
    snooze(alice, request, now, until=2 * HOUR)
    time_machine.move_to(now + HOUR, tick=False)
    drain.drain(queue=queues.MAINTENANCE)

    assert ids(alice) == []
    assert Recipient.objects.get().snoozed_until == now + 2 * HOUR


def test_i_wake_it_myself(alice, make_request, now):
    request = make_request(alice)
    snooze(alice, request, now)

    assert snooze(alice, request, now, until=None)["snoozed_until"] is None
    assert ids(alice) == [str(request.id)]


def test_an_edit_wakes_it_and_so_does_its_end(alice, bob, accept, caller, now):
    request = accept(alice)
    snooze(alice, request, now)
    edit = editing.Edit(version=1, changes={"title": "Another title"})
    editing.by_subsystem(caller=caller, notification_id=request.id, edit=edit, now=now)
    assert ids(alice) == [str(request.id)]

    snooze(alice, request, now)
    assert ids(alice) == []
    request.refresh_from_db()
    request.state, request.closed_at = "withdrawn", now
    request.save()
    assert ids(alice) == [str(request.id)]


def test_what_waits_is_put_off_and_never_archived(alice, make_request, now):
    request = make_request(alice)
    snooze(alice, request, now)

    assert not inbox.mark(
        employee_id=alice.id, notification_ids=[request.id], mark="archived", now=now
    )


def test_the_archive_and_putting_off_exclude_each_other(alice, bob, make_request, now):
    notice = make_request(readers=(alice,), kind="notice")
    snooze(alice, notice, now)
    inbox.mark(employee_id=alice.id, notification_ids=[notice.id], mark="archived", now=now)
    assert (ids(alice, "snoozed"), ids(alice, "archived")) == ([], [str(notice.id)])

    snooze(alice, notice, now)
    assert (ids(alice, "snoozed"), ids(alice, "archived")) == ([str(notice.id)], [])


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (-HOUR, "in_the_past"),
        (timedelta(0), "in_the_past"),
        (timedelta(days=31), "too_far_away"),
        (timedelta(days=3), "after_expiry"),
    ],
)
def test_a_moment_that_makes_no_sense_is_refused(alice, make_request, now, until, code):
    request = make_request(alice, expires_at=now + timedelta(days=2))
    with pytest.raises(errors.Invalid) as refusal:
        snooze(alice, request, now, until=until)

    [flaw] = refusal.value.errors
    assert (flaw.pointer, flaw.code) == ("/until", code)
    assert not Errand.objects.exists()


def test_what_has_ended_is_not_put_off(alice, make_request, now):
    over = make_request(alice, expires_at=now - HOUR)
    with pytest.raises(inbox.NothingToSnooze):
        snooze(alice, over, now)


def test_a_stranger_puts_nothing_off(alice, charlie, make_request, now):
    request = make_request(alice)
    with pytest.raises(errors.NotFound):
        snooze(charlie, request, now)

    assert ids(alice) == [str(request.id)]


def test_an_errand_whose_copy_is_gone_ends(alice, make_request, now, time_machine):
    snooze(alice, make_request(alice), now)
    Recipient.objects.all().delete()
    time_machine.move_to(now + HOUR, tick=False)
    drain.drain(queue=queues.MAINTENANCE)

    assert errands.due_queues(now=clock.now()) == []
