"""The admin of the story: who was told what, what they answered, and what to do with the dead."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import audit
from accounts.models import AuditEvent, Device, Employee, Staff, Subsystem
from hub.lib import errors, ids
from notifications import categories, errands
from notifications.admin import copies
from notifications.callbacks import calling, deliver, events, replay
from notifications.callbacks.calling import Said
from notifications.callbacks.verdicts import Meaning, Verdict
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
from tests.accounts.test_admin import (
    act,
    alices_phone,
    assert_strict,
    change,
    member,
    root,
)

__all__ = ["alices_phone", "root"]  # fixtures that are the same for both apps

Make = Callable[..., Notification]
STAFF = audit.Actor("staff", "1")
LISTS = ["notification", "category", "callbackevent", "errand"]


def page_of(notification: Notification, name: str) -> str:
    return reverse(f"admin:notifications_notification_{name}", args=[notification.pk])


@pytest.fixture
def answered(
    make_request: Make,
    alice: Employee,
    bob: Employee,
    dana: Employee,
    alices_phone: Device,
    now: datetime,
) -> Notification:
    """A request to bob that he approved; alice's phone was told of it."""  # fmt: skip
    made = make_request(bob, readers=(alice,), requester=dana, reference="EXP-1")
    seat = Seat.objects.get()
    response = Response(
        notification=made, seat=seat, version=1, actor=bob, verb="approve", effect="approve",
        comment="Fine by me", responded_at=now,
    )  # fmt: skip
    response.save()
    Decision.objects.create(
        notification=made, version=1, verb="approve", effect="approve", response=response,
        decided_at=now,
    )  # fmt: skip
    Delivery.objects.create(
        notification=made, device=alices_phone, purpose="show", version=1, employee=alice,
        state="failed", reason="unregistered", first_tried_at=now,
    )  # fmt: skip
    Subsystem.objects.update(callback_url="https://payroll.corp.example/hub")
    made.refresh_from_db()
    events.emit(made, type_="decision.made", facts={"comment": "Fine by me"}, now=now)
    return made


@pytest.fixture
def dead(answered: Notification, now: datetime) -> CallbackEvent:
    """Its event, after the last try failed."""
    event = CallbackEvent.objects.select_related("notification", "subsystem").get()
    errand = Errand.objects.get(kind="call_back")
    Errand.objects.filter(pk=errand.pk).update(attempts=99, lease_token=ids.uuid7())
    errand.refresh_from_db()
    call = calling.ready(errand, event, secrets={})
    said = Said(500, "", Verdict(Meaning.LATER), began_at=now, duration_ms=12)
    deliver.record([(call, said)], now=now)
    event.refresh_from_db()
    assert event.state == "dead"
    return event


@pytest.fixture
def buried(answered: Notification, now: datetime) -> Errand:
    """An errand that was given up."""
    errand = errands.add(kind=Errand.Kind.PUSH, notification=answered, due_at=now, now=now)
    Errand.objects.filter(pk=errand.pk).update(
        dead_at=now, attempts=200, last_error="claimed too often"
    )
    return errand


def test_every_list_and_page_opens_with_the_story_on_it(
    root: Client, answered: Notification, dead: CallbackEvent, buried: Errand
) -> None:
    shown = {
        answered: ["Expense report", "Taxi", "EXP-1", "Dana", "Bob", "Fine by me", "approve"],
        dead: ["decision.made", "Fine by me", "500"],
        buried: ["claimed too often", "dead"],
        answered.category: ["approval"],
    }
    for name in LISTS:
        response = root.get(reverse(f"admin:notifications_{name}_changelist"))
        assert response.status_code == 200, name
        assert_strict(response)
    for row, words in shown.items():
        response = root.get(change(row))
        assert response.status_code == 200, row
        assert_strict(response)
        for word in words:
            assert word in response.content.decode(), word


def test_recipients_and_deliveries_are_listed_by_name(root: Client, answered: Notification) -> None:
    recipients = root.get(page_of(answered, "recipients"))
    assert all(name in recipients.content.decode() for name in ("Alice", "Bob", "E1001"))
    deliveries = root.get(page_of(answered, "deliveries"))
    assert all(word in deliveries.content.decode() for word in ("Alice", "Pixel 9", "unregistered"))
    for response in (recipients, deliveries):
        assert_strict(response)


def test_one_person_is_found_among_the_recipients(root: Client, answered: Notification) -> None:
    page = root.get(page_of(answered, "recipients"), {"employee": "E1002"}).content.decode()
    assert "Bob" in page
    assert "Alice" not in page
    stranger = root.get(page_of(answered, "recipients"), {"employee": "E9"}).content.decode()
    assert "Nobody by this id received it." in stranger


def test_pages_follow_each_other_without_a_gap_and_without_counting(
    root: Client, answered: Notification, dana: Employee, monkeypatch: pytest.MonkeyPatch,
    now: datetime, alices_phone: Device,
) -> None:  # fmt: skip
    Recipient.objects.create(employee=dana, notification=answered, arrived_at=now)
    for version in (2, 3):
        Delivery.objects.create(
            notification=answered, device=alices_phone, purpose="clear", version=version,
            employee=alices_phone.employee, state="sent", first_tried_at=now,
        )  # fmt: skip
    monkeypatch.setattr(copies, "PAGE_ROWS", 1)
    staff = Staff.objects.get(username="root")
    for read, rows in ((copies.recipients, 3), (copies.deliveries, 3)):
        seen, after = [], ""
        with CaptureQueriesContext(connection) as queries:
            while True:
                page = read(answered, staff=staff, employee="", after=after)
                seen += [tuple(str(cell) for cell in row) for row in page.table.rows]
                after = page.following
                if not after:
                    break
        assert len(seen) == len(set(seen)) == rows
        assert not any("COUNT(" in query["sql"] for query in queries)
    assert "?after=" in root.get(page_of(answered, "recipients")).content.decode()


@pytest.mark.parametrize("after", ["nonsense", "bm9uc2Vuc2U", "\0", "é"])
def test_a_cursor_that_no_page_gave_out_leads_back_to_the_beginning(
    root: Client, answered: Notification, after: str
) -> None:
    for name in ("recipients", "deliveries"):
        page = page_of(answered, name)
        response = root.get(page, {"after": after}, follow=True)
        assert response.status_code == 200


def test_every_look_at_a_notification_and_its_people_is_on_the_record(
    root: Client, answered: Notification, alice: Employee, bob: Employee
) -> None:
    for page in (change(answered), *(page_of(answered, n) for n in ("recipients", "deliveries"))):
        root.get(page)
    found = AuditEvent.objects.filter(action="personal_data_read", subject_kind="notification")
    assert {event.subject_id for event in found} == {str(answered.pk)}
    data = list(found.order_by("pk").values_list("data", flat=True))
    people = sorted([str(alice.pk), str(bob.pk)])
    assert data[0] == {}
    assert data[1] == {"page": "recipients", "people": people}
    assert data[2] == {"page": "deliveries", "people": [str(alice.pk)]}


def test_a_restricted_card_is_shown_only_to_staff_with_that_permission(
    make_request: Make, bob: Employee, now: datetime
) -> None:
    secret = make_request(bob, sensitivity="restricted", metadata={"iban": "DE02"})
    response = Response(
        notification=secret, seat=Seat.objects.get(), version=1, actor=bob, verb="reject",
        effect="reject", comment="Too dear", responded_at=now,
    )  # fmt: skip
    response.save()
    Subsystem.objects.update(callback_url="https://payroll.corp.example/hub")
    secret.refresh_from_db()
    event = events.emit(secret, type_="decision.made", facts={"comment": "Too dear"}, now=now)
    views = ("view_notification", "view_response", "view_seat", "view_callbackevent")
    client = member(*views)
    pages = [change(secret), change(event)]
    hidden = ("Taxi", "Expense report", "Too dear", "DE02")
    said = "".join(client.get(page).content.decode() for page in pages)
    assert not any(word in said for word in hidden)
    assert "Bob" in said
    assert said.count("Restricted: reading it needs") == 2
    person = Staff.objects.get(username="member")
    person.user_permissions.add(Permission.objects.get(codename="read_content"))
    said = "".join(client.get(page).content.decode() for page in pages)
    assert all(word in said for word in hidden)


@pytest.mark.parametrize("model", LISTS)
def test_staff_without_permissions_see_nothing(
    answered: Notification, dead: CallbackEvent, buried: Errand, model: str
) -> None:
    client = member("view_employee")
    assert client.get(reverse(f"admin:notifications_{model}_changelist")).status_code == 403
    pages = [change(row) for row in (answered, dead, buried, answered.category)]
    pages += [page_of(answered, "recipients"), page_of(answered, "deliveries")]
    assert {client.get(page).status_code for page in pages} == {403}


def test_the_people_of_a_notification_need_permissions_of_their_own(answered: Notification) -> None:
    client = member("view_notification")
    page = client.get(change(answered)).content.decode()
    assert "Fine by me" not in page
    assert "Bob" not in page
    for name in ("recipients", "deliveries"):
        assert page_of(answered, name) not in page
        assert client.get(page_of(answered, name)).status_code == 403


def test_who_may_look_may_not_act(dead: CallbackEvent, buried: Errand) -> None:
    client = member("view_callbackevent", "view_errand", "view_category")
    for row, name in ((dead, "replay"), (buried, "retry"), (buried, "remove")):
        assert client.post(act(row, name)).status_code == 403
    create = reverse("admin:notifications_category_found", args=["create"])
    assert client.get(create).status_code == 403
    dead.refresh_from_db()
    assert dead.state == "dead"


def test_a_raw_change_form_is_refused(
    root: Client, answered: Notification, dead: CallbackEvent, buried: Errand
) -> None:
    for row in (answered, dead, buried, answered.category):
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        assert root.post(change(row), {"state": "open", "_save": "Save"}).status_code == 405
        assert root.post(reverse(f"{base}_add"), {"key": "x"}).status_code == 403
        deletion = reverse(f"{base}_delete", args=[row.pk])
        assert root.post(deletion, {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()


def test_a_dead_event_is_told_again_under_its_own_id(root: Client, dead: CallbackEvent) -> None:
    assert Decision.objects.get().outcome == "undeliverable"
    assert act(dead, "replay") in root.get(change(dead)).content.decode()
    assert root.post(act(dead, "replay")).status_code == 302
    dead.refresh_from_db()
    assert dead.state == "pending"
    errand = Errand.objects.get(kind="call_back")
    assert (errand.event_id, errand.attempts) == (dead.pk, 0)
    assert Decision.objects.get().outcome == "recorded"
    event = AuditEvent.objects.get(action="callback_replayed")
    assert (event.actor_kind, event.subject_id) == ("staff", str(dead.pk))
    assert act(dead, "replay") not in root.get(change(dead)).content.decode()
    root.post(act(dead, "replay"))
    assert Errand.objects.filter(kind="call_back").count() == 1


def test_an_event_with_nowhere_to_go_is_not_replayed_and_one_under_way_is_left_alone(
    dead: CallbackEvent, now: datetime
) -> None:
    Subsystem.objects.update(callback_url="")
    with pytest.raises(replay.NowhereToTell):
        replay.replay(event_id=dead.pk, actor=STAFF, now=now)
    Subsystem.objects.update(callback_url="https://payroll.corp.example/hub")
    for state in ("pending", "waiting"):
        CallbackEvent.objects.update(state=state)
        replay.replay(event_id=dead.pk, actor=STAFF, now=now)
    with pytest.raises(errors.NotFound):
        replay.replay(event_id=ids.uuid7(), actor=STAFF, now=now)
    assert not Errand.objects.filter(kind="call_back").exists()


def test_a_dead_errand_is_tried_again_as_if_new(
    root: Client, buried: Errand, now: datetime
) -> None:
    assert errands.claim(queue=buried.queue, limit=10, now=now) == []
    root.post(act(buried, "retry"))
    (claimed,) = errands.claim(queue=buried.queue, limit=10, now=now + timedelta(minutes=1))
    assert (claimed.pk, claimed.attempts, claimed.dead_at) == (buried.pk, 1, None)
    assert AuditEvent.objects.filter(action="errand_revived", subject_id=buried.pk).exists()


def test_a_dead_errand_is_removed_and_a_live_one_never(
    root: Client, buried: Errand, now: datetime
) -> None:
    response = root.post(act(buried, "remove"))
    assert response.headers["Location"] == reverse("admin:notifications_errand_changelist")
    assert not Errand.objects.filter(pk=buried.pk).exists()
    assert AuditEvent.objects.filter(action="errand_removed", subject_id=buried.pk).exists()
    live = Errand.objects.get(kind="call_back")
    for deed in (errands.remove, errands.revive):
        with pytest.raises(errors.NotFound):
            deed(errand_id=live.pk, actor=STAFF, now=now)
    root.post(act(live, "remove"))
    assert Errand.objects.filter(pk=live.pk).exists()


def test_errands_are_listed_by_their_standing(root: Client, buried: Errand, now: datetime) -> None:
    waiting = errands.add(
        kind=Errand.Kind.EXPIRE, notification=buried.notification, now=now,
        due_at=now + timedelta(days=1),
    )  # fmt: skip
    listed = reverse("admin:notifications_errand_changelist")
    for standing, row in (("dead", buried), ("waiting", waiting)):
        page = root.get(listed, {"standing": standing}).content.decode()
        assert change(row) in page
        assert page.count('class="field-kind"') == 1


def test_a_category_is_made_and_edited_on_the_record(root: Client, payroll: Subsystem) -> None:
    create = reverse("admin:notifications_category_found", args=["create"])
    form = {"subsystem": str(payroll.pk), "key": "bonus", "name": "Bonus", "sensitivity": "public"}
    assert root.post(create, form).status_code == 302
    bonus = Category.objects.get(key="bonus")
    assert (bonus.sensitivity, bonus.essential) == ("public", False)
    taken = root.post(create, form)
    assert "has a category of that key" in taken.content.decode()
    edited = {"name": "Bonus", "sensitivity": "restricted", "essential": "on"}
    root.post(act(bonus, "edit"), edited)
    root.post(act(bonus, "edit"), edited)
    bonus.refresh_from_db()
    assert (bonus.sensitivity, bonus.essential) == ("restricted", True)
    event = AuditEvent.objects.get(action="category_changed")
    assert event.data["was"] == {"sensitivity": "public", "essential": False}


@pytest.mark.parametrize(
    ("key", "traits", "pointer"),
    [
        ("Upper", {}, "/key"),
        ("", {}, "/key"),
        ("x" * 65, {}, "/key"),
        ("fine", {"name": "  "}, "/name"),
        ("fine", {"name": "a\u202eb"}, "/name"),
        ("fine", {"sensitivity": "secret"}, "/sensitivity"),
    ],
)
def test_a_category_of_odd_words_is_refused(
    payroll: Subsystem, now: datetime, key: str, traits: dict[str, str], pointer: str
) -> None:
    wanted = categories.Traits(**{"name": "Fine", **traits})
    with pytest.raises(errors.Invalid) as refusal:
        categories.create(subsystem_id=payroll.pk, key=key, traits=wanted, actor=STAFF, now=now)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    assert not Category.objects.exists()


@pytest.mark.parametrize("term", ["EXP-1", "id"])
def test_a_notification_is_found_by_reference_and_by_id(
    root: Client, answered: Notification, make_request: Make, bob: Employee, term: str
) -> None:
    other = make_request(reference="EXP-10")
    term = str(answered.pk) if term == "id" else term
    listed = reverse("admin:notifications_notification_changelist")
    page = root.get(listed, {"q": term}).content.decode()
    assert change(answered) in page
    assert change(other) not in page


@pytest.mark.parametrize("model", LISTS)
def test_no_list_counts_its_table(root: Client, answered: Notification, model: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        root.get(reverse(f"admin:notifications_{model}_changelist"))
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counting
    assert all("LIMIT 1001" in sql for sql in counting)


def test_what_a_sender_wrote_is_text_and_never_markup(
    root: Client, make_request: Make, bob: Employee
) -> None:
    wild = "<script>alert(1)</script>"
    made = make_request(bob, reference=wild[:40], metadata={"x": wild})
    made.card = {
        **made.card, "title": wild, "body": wild, "facts": [{"label": wild, "value": wild}],
        "links": [{"label": wild, "module": wild, "path": wild}],
    }  # fmt: skip
    made.save()
    for page in (change(made), reverse("admin:notifications_notification_changelist")):
        response = root.get(page)
        assert_strict(response)
        assert wild not in response.content.decode()
