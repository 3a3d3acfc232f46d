"""New content: a new version, to which whoever is asked answers anew."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from hub.lib import clock, errors
from notifications import acknowledgements, editing, ending, errands, expiry, inbox
from notifications.approvals import refusals
from notifications.models import Delivery, Errand, Notification, Recipient, Response
from notifications.push.gateway import Fate, Outcome
from tests.notifications.acting import answer, shown, work

pytestmark = pytest.mark.django_db

ALL = {"mode": "all", "n": 1, "reject_ends": True}


@pytest.fixture
def edit(caller):
    def act(notification, *, version=1, notify=None, **changes):
        return editing.by_subsystem(
            caller=caller, notification_id=notification.id, now=clock.now(),
            edit=editing.Edit(version=version, notify=notify, changes=changes),
        ).notification  # fmt: skip

    return act


def test_an_edit_of_a_request_voids_earlier_answers_and_asks_again(
    accept, alice, bob, phone, provider, edit
):
    devices = [phone(person).push_address for person in (alice, bob)]
    request = accept(alice, bob, policy=ALL)
    work()
    answer(alice, request)
    inbox.mark(
        employee_id=alice.id, notification_ids=[request.id], mark="archived", now=clock.now()
    )
    edited = edit(request, summary="Taxi and hotel")
    work()

    assert (edited.version, edited.state) == (2, "open")
    item = inbox.item(employee_id=alice.id, notification_id=request.id)
    assert (item["summary"], item["waiting_for_you"], item["your_answer"]) == (
        "Taxi and hotel",
        True,
        None,
    )
    assert item["archived_at"] is None
    assert item["title"] == "Expense report"
    # Pushed again under the same tag, by a delivery of the new version.
    assert shown(provider) == dict.fromkeys(devices, 2)
    assert sorted(Delivery.objects.values_list("version", flat=True)) == [1, 1, 2, 2]
    answer(alice, request, version=2)
    assert answer(bob, request, version=2)["state"] == "decided"
    assert Response.objects.count() == 3
    audited = AuditEvent.objects.get(action="edited")
    assert audited.data["changed"] == ["summary"]
    assert audited.data["had_already"]["responded"] == 1


def test_an_answer_to_the_old_version_is_refused_with_the_new_content(
    accept, alice, provider, edit
):
    request = accept(alice)
    edit(request, title="Another title")

    with pytest.raises(refusals.VersionChanged) as old:
        answer(alice, request)
    assert (old.value.data["item"]["title"], old.value.data["item"]["version"]) == (
        "Another title",
        2,
    )
    assert not Response.objects.exists()


def test_a_request_that_is_edited_before_it_was_pushed_is_pushed_once(
    accept, alice, phone, provider, edit
):
    device = phone(alice)
    request = accept(alice)
    edit(request, title="Another title")
    work()

    assert shown(provider) == {device.push_address: 1}
    assert Delivery.objects.get().version == 2


def test_a_sequence_begins_anew(accept, alice, bob, provider, edit):
    people = [{"any": [{"employees": [person.employee_id]}]} for person in (alice, bob)]
    policy = {"mode": "sequence", "steps": [{"mode": "any", "audience": one} for one in people]}
    request = accept(audience={}, policy=policy)
    answer(alice, request)
    edited = edit(request, title="Another title")

    assert edited.step == 0
    assert inbox.item(employee_id=alice.id, notification_id=request.id)["waiting_for_you"]
    assert not inbox.item(employee_id=bob.id, notification_id=request.id)["waiting_for_you"]
    with pytest.raises(refusals.NotYoursToAnswer):
        answer(bob, request, version=2)
    answer(alice, request, version=2)
    assert answer(bob, request, version=2)["state"] == "decided"


@pytest.mark.parametrize(
    ("kind", "notify", "pushes"),
    [("notice", None, 1), ("notice", True, 2), ("acknowledgement", None, 2), ("acknowledgement", False, 1)],
)  # fmt: skip
def test_others_are_pushed_again_if_the_sender_wants_it(
    accept, alice, bob, phone, provider, edit, kind, notify, pushes
):
    devices = [phone(person).push_address for person in (alice, bob)]
    notice = accept(alice, bob, kind=kind)
    work()
    edited = edit(notice, title="Another title", notify=notify)
    work()

    assert edited.version == 2
    assert shown(provider) == dict.fromkeys(devices, pushes)
    assert inbox.item(employee_id=alice.id, notification_id=notice.id)["title"] == "Another title"


def test_what_was_confirmed_is_to_be_confirmed_anew(accept, alice, provider, edit):
    sent = accept(alice, kind="acknowledgement")
    acknowledgements.acknowledge(
        employee_id=alice.id, notification_id=sent.id, version=1, now=clock.now()
    )
    assert not inbox.item(employee_id=alice.id, notification_id=sent.id)["waiting_for_you"]
    edit(sent, body="A new paragraph.")
    assert inbox.item(employee_id=alice.id, notification_id=sent.id)["waiting_for_you"]


def test_what_is_scheduled_is_edited_without_a_push(accept, alice, phone, provider, edit, now):
    phone(alice)
    request = accept(alice, send_at=now + timedelta(hours=1))
    edited = edit(request, title="Another title")
    work()

    assert (edited.state, edited.version) == ("scheduled", 2)
    assert not Recipient.objects.exists()
    Errand.objects.update(due_at=clock.now())
    work()
    assert sum(shown(provider).values()) == 1
    assert inbox.item(employee_id=alice.id, notification_id=request.id)["title"] == "Another title"


def test_nothing_happens_where_nothing_changes(accept, alice, provider, edit):
    request = accept(alice)
    before = Errand.objects.count()
    edited = edit(request, title="Expense report", on_expiry="none")

    assert edited.version == 1
    assert Errand.objects.count() == before
    assert not AuditEvent.objects.filter(action="edited").exists()


def test_another_version_than_the_sender_believes_is_refused_with_the_record(
    accept, alice, provider, edit
):
    request = accept(alice)
    edit(request, title="Another title")

    with pytest.raises(editing.VersionMismatch) as stale:
        edit(request, title="A third title")
    assert stale.value.data["notification"]["version"] == 2
    assert edit(request, version=2, title="A third title").version == 3


def test_what_has_ended_is_not_edited_and_neither_is_what_is_over(
    accept, alice, provider, edit, now
):
    decided = accept(alice)
    answer(alice, decided)
    over = accept(alice, expires_at=now + timedelta(hours=1))
    Notification.objects.filter(id=over.id).update(expires_at=now)

    for request, state in ((decided, "decided"), (over, "open")):
        with pytest.raises(ending.AlreadyClosed) as late:
            edit(request, title="Another title")
        assert late.value.data["notification"]["state"] == state


def test_a_new_time_of_expiry_counts_and_the_old_one_does_not(accept, alice, provider, edit, now):
    request = accept(alice, expires_at=now + timedelta(hours=1))
    edit(request, expires_at=now + timedelta(hours=9))

    [errand] = Errand.objects.filter(kind="expire")
    assert errand.due_at == now + timedelta(hours=9)
    edit(request, version=2, expires_at=None)
    assert not Errand.objects.filter(kind="expire").exists()


def test_an_expiry_that_was_begun_before_the_edit_does_not_end_it(
    accept, alice, provider, edit, now
):
    request = accept(alice, expires_at=now + timedelta(hours=1), on_expiry="approve")
    Errand.objects.filter(kind="expire").update(due_at=clock.now())
    [begun] = errands.claim(queue="maintenance", limit=1, now=clock.now())
    edit(request, expires_at=now + timedelta(hours=9))
    expiry.run(begun, clock.now())

    request.refresh_from_db()
    assert request.state == "open"


@pytest.mark.parametrize(
    ("kind", "changes", "pointer"),
    [
        ("request", {"expires_at": "past"}, "/expires_at"),
        ("request", {"due_at": "later", "expires_at": "soon"}, "/due_at"),
        ("request", {"on_expiry": "approve"}, "/on_expiry"),
        ("request", {"actions": [{"verb": "reject", "label": "No", "effect": "reject", "comment": ""}]}, "/actions"),
        ("request", {"notify": True}, "/notify"),
        ("notice", {"actions": []}, "/actions"),
        ("notice", {"on_expiry": "none"}, "/on_expiry"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_pointer(
    accept, alice, provider, edit, now, kind, changes, pointer
):
    moments = {"past": now - timedelta(1), "soon": now + timedelta(1), "later": now + timedelta(2)}
    said = {
        name: moments.get(value, value) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    notification = accept(alice, kind=kind)
    with pytest.raises(errors.Invalid) as refused:
        edit(notification, **said)
    assert refused.value.errors[0].pointer == pointer
    notification.refresh_from_db()
    assert notification.version == 1


def test_a_restricted_one_stays_sealed(accept, alice, provider, edit):
    request = accept(alice, sensitivity="restricted")
    edited = edit(request, title="Another title")
    assert edited.content is None
    assert edited.card["title"] == "Another title"


def test_a_push_that_was_under_way_shows_the_old_one_and_the_new_one_comes_after(
    accept, alice, phone, provider, edit
):
    device = phone(alice)
    request = accept(alice)
    send = provider.send

    def slowly(pushes):
        provider.send = send
        edit(request, title="Another title")
        return [Outcome(Fate.SENT, name="m") for _ in send(pushes)]

    provider.send = slowly
    work()

    assert shown(provider) == {device.push_address: 2}
    versions = [push.wording.data["version"] for push in provider.sent]
    assert versions == ["1", "2"]
