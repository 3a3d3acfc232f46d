"""Nobody outside of a ceiling is reached by any road, or so much as known to the sender."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import audit, ceilings, colleagues, subsystems
from accounts.models import (
    AuditEvent,
    Employee,
    Group,
    GroupMember,
    RoleGrant,
    Staff,
    Subsystem,
)
from accounts.subsystems import Caller
from hub.lib import clock, errors
from notifications import blast_radius
from notifications.approvals import delegation, reassign
from notifications.escalation import passing
from notifications.models import Category, Notification, Recipient, Seat
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db
ACTOR = audit.Actor("staff", "1")
FINANCE = {"any": [{"department": "Finance"}]}
EVERYBODY = {"any": [{"everybody": True}]}


@pytest.fixture
def caller(caller: Caller) -> Caller:
    """payroll, whose key reaches Finance only; charlie is in IT."""
    return replace(caller, within=(FINANCE,), blast_radius=100)


@pytest.fixture
def affiliates(
    alice: Employee, bob: Employee, charlie: Employee, payroll: Subsystem, settings: Any
) -> None:
    """alice, bob and payroll are Alpha's, charlie is Beta's, and both are kept apart."""
    settings.AFFILIATES_SEPARATED = True
    Employee.objects.update(affiliate="Alpha")
    Employee.objects.filter(pk=charlie.pk).update(affiliate="Beta")
    ceilings.bind(subsystem_id=payroll.pk, affiliates=["Alpha"], actor=ACTOR, now=clock.now())


def received(notification: Notification) -> set[str]:
    rows = Recipient.objects.filter(notification=notification)
    return set(rows.values_list("employee__user_name", flat=True))


def key_of(subsystem: Subsystem, now: datetime) -> subsystems.IssuedKey:
    return subsystems.issue_key(
        subsystem=subsystem, mode="live", name="", expires_at=None, actor=audit.HUB, now=now
    )


@pytest.mark.parametrize("many", [False, True])
def test_a_notice_to_everybody_reaches_those_inside(
    accept: Callable[..., Notification], alice: Employee, bob: Employee, charlie: Employee,
    many: bool, settings: Any,
) -> None:  # fmt: skip
    # Of few the POST writes the copies; of many the fan-out, which reads what was kept.
    settings.SEATS_AT_MOST = 1 if many else 500
    sent = accept(kind="notice", audience=EVERYBODY)
    work()
    assert received(sent) == {"alice", "bob", "dana"}


def test_who_is_outside_is_as_unknown_as_nobody(
    accept: Callable[..., Notification], alice: Employee, charlie: Employee
) -> None:
    sent = accept(alice, charlie, kind="request")
    assert {seat.holder.user_name for seat in Seat.objects.filter(notification=sent)} == {"alice"}
    said = []
    for nobody in (charlie.employee_id, "E404"):
        with pytest.raises(errors.Invalid) as refusal:
            accept(audience={"any": [{"employees": [nobody]}]})
        said.append(str(refusal.value.errors).replace(nobody, "…"))
    assert said[0] == said[1]


def test_escalation_and_reassignment_stay_inside(
    accept: Callable[..., Notification], alice: Employee, charlie: Employee, dana: Employee,
    now: datetime,
) -> None:  # fmt: skip
    Employee.objects.filter(pk=alice.pk).update(manager=charlie)
    Employee.objects.filter(pk=charlie.pk).update(manager=dana)
    group = Group.objects.create(object_guid=uuid.uuid4(), name="Board", seen_in_directory_at=now)
    for member in (charlie, dana):
        GroupMember.objects.create(group=group, employee=member)
    sent = accept(alice)
    seat = Seat.objects.get(notification=sent)
    assert list(passing.successors(seat, notification=sent)) == [dana]
    assert list(passing.members("Board", without=[], notification=sent)) == [dana]
    with pytest.raises(errors.Invalid) as refusal:
        reassign.reassign(
            notification_id=sent.pk, holder=alice.employee_id, to=charlie.employee_id,
            reason="Away", actor=ACTOR, now=now,
        )  # fmt: skip
    assert refusal.value.errors[0].code == "unknown_employee"


def test_a_key_and_its_sub_system_bound_together_and_on_the_record(
    payroll: Subsystem, now: datetime
) -> None:
    issued = key_of(payroll, now)
    assert subsystems.authenticate_key(text=issued.text, now=now).within == ()
    geo = {"any": [{"geo": "DE"}]}
    ceilings.set_for_subsystem(subsystem_id=payroll.pk, ceiling=FINANCE, actor=ACTOR, now=now)
    ceilings.set_for_key(key_id=issued.key.pk, ceiling=geo, actor=ACTOR, now=now)
    ceilings.bind(subsystem_id=payroll.pk, affiliates=["Alpha"], actor=ACTOR, now=now)
    assert subsystems.authenticate_key(text=issued.text, now=now).within == (geo, FINANCE)
    events = AuditEvent.objects.filter(subject_id=str(payroll.pk), actor_kind="staff")
    assert [event.action for event in events.order_by("pk")] == [
        "ceiling_set", "ceiling_set", "affiliates_bound",
    ]  # fmt: skip
    with pytest.raises(errors.Invalid):
        ceilings.set_for_subsystem(subsystem_id=payroll.pk, ceiling={}, actor=ACTOR, now=now)


@pytest.mark.usefixtures("affiliates")
def test_a_sub_system_that_is_bound_to_an_affiliate_reaches_and_knows_its_people_only(
    accept: Callable[..., Notification], caller: Caller, alice: Employee, charlie: Employee,
    payroll: Subsystem, now: datetime, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bound = subsystems.authenticate_key(text=key_of(payroll, now).text, now=now)
    assert bound.within == ({"any": [{"affiliate": "Alpha"}]},)
    for name in ("within", "affiliates"):
        object.__setattr__(caller, name, getattr(bound, name))
    assert received(accept(kind="notice", audience=EVERYBODY)) == {"alice", "bob", "dana"}
    said = []
    for nobody in (charlie.employee_id, "E404"):
        with pytest.raises(errors.Invalid) as refusal:
            accept(alice, requester=nobody)
        said.append(str(refusal.value.errors))
    assert said[0] == said[1]


@pytest.mark.usefixtures("affiliates")
def test_at_the_door_a_bound_key_counts_and_knows_its_affiliates_people_only(
    alice: Employee, charlie: Employee, approval: Category, payroll: Subsystem, now: datetime
) -> None:
    headers = {"Authorization": f"Bearer {key_of(payroll, now).text}"}
    preview = Client().post(
        "/api/v1/audiences/preview", {"audience": EVERYBODY}, content_type="application/json",
        headers=headers,
    ).json()  # fmt: skip
    assert (preview["count"], preview["by_geo"]) == (3, [{"geo": "DE", "count": 3}])
    names = [alice.employee_id, charlie.employee_id, f"mail:{charlie.mail}"]
    body = {
        "category": approval.key, "kind": "notice", "title": "Salary",
        "audience": {"any": [{"employees": names}]},
    }  # fmt: skip
    for _ in range(2):  # the second by what was remembered of the first
        sent = Client().post(
            "/api/v1/notifications", body, content_type="application/json", headers=headers
        )
        assert sent.status_code == 202, sent.content
        assert sent.json()["audience"] == {"count": 1, "unknown": names[1:]}
        assert received(Notification.objects.get(pk=sent.json()["id"])) == {"alice"}


@pytest.mark.usefixtures("affiliates")
def test_colleagues_of_another_affiliate_are_neither_found_nor_asked_to_stand_in(
    alice: Employee, bob: Employee, charlie: Employee, now: datetime, settings: Any
) -> None:
    assert colleagues.search("bob", without=alice.pk) == [bob]
    assert colleagues.search("charlie", without=alice.pk) == []
    wish = delegation.Wish(charlie.employee_id, starts_at=None, ends_at=now + timedelta(days=1))
    with pytest.raises(errors.Invalid) as refusal:
        delegation.give(principal_id=alice.pk, wish=wish, now=now)
    assert refusal.value.errors[0].code == "unknown_employee"
    settings.AFFILIATES_SEPARATED = False
    assert colleagues.search("charlie", without=alice.pk) == [charlie]


def test_staff_release_what_stays_inside_their_own_ceiling(
    accept: Callable[..., Notification], caller: Caller, alice: Employee, bob: Employee,
    payroll: Subsystem, now: datetime,
) -> None:  # fmt: skip
    object.__setattr__(caller, "blast_radius", 1)
    staff = Staff.objects.create_user("eve", is_staff=True)
    bobs = {"any": [{"employees": [bob.employee_id]}]}
    grant = RoleGrant.objects.create(
        staff=staff, role="sender", subsystem=payroll, given_at=now, ceiling=bobs
    )
    held = accept(alice, bob, kind="notice")
    client = Client()
    client.force_login(staff)
    url = reverse("admin:notifications_notification_act", args=[held.pk, "release"])
    refused = client.post(url)
    assert refused.status_code == 422
    assert "outside of your ceiling" in refused.content.decode()
    grant.ceiling = FINANCE
    grant.save()
    assert client.post(url).status_code == 302
    held.refresh_from_db()
    assert held.state == "open"
    assert held.audience["within"] == [FINANCE, FINANCE]
    assert blast_radius.of(caller).recipients == 1
