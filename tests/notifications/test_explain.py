"""“Why didn't I get it?” is answered in one chain, and no word of the notification is in it."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import people
from accounts.audit import HUB
from accounts.models import AuditEvent, Device, Employee, RoleGrant, Staff, Subsystem
from hub.lib import clock
from notifications import switches, withdrawal
from notifications.explain import chain
from notifications.explain.chain import Facts, Phone, Push, Work
from notifications.models import Notification, OptOut
from notifications.push.gateway import Fate, Outcome
from tests.architecture.test_imports import ROOT
from tests.notifications.acting import work

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
PIXEL = Phone("Pixel 9", signed_in_at=BEFORE - timedelta(days=1))
SIGNED_OUT = dataclasses.replace(PIXEL, closed_at=BEFORE, closed_reason="logout")
DEAF = dataclasses.replace(PIXEL, reachable=False, lost_at=BEFORE, lost_reason="unregistered")
USUAL = Facts(
    now=NOW, disabled_at=None, disabled_reason="", kind="notice", mode="live", state="open",
    version=1, send_at=None, closed_at=None, fanned_out_at=BEFORE, is_meant=True, is_inside=True,
    arrived_at=BEFORE, phones=(PIXEL,),
    pushes=(Push("Pixel 9", "show", "delivered", "", 1, BEFORE),),
)  # fmt: skip
NEVER: dict[str, Any] = {"arrived_at": None, "pushes": ()}
SILENT: dict[str, Any] = {"pushes": ()}


def pushed(state: str, reason: str = "") -> dict[str, Any]:
    return {"pushes": (Push("Pixel 9", "show", state, reason, 1, BEFORE),)}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "unseen"),
        ({"seen_at": NOW}, "seen"),
        ({"seen_at": NOW, "read_at": NOW}, "read"),
        ({**NEVER, "disabled_at": BEFORE, "disabled_reason": "expired"}, "account_disabled"),
        ({**NEVER, "mode": "test"}, "test_mode"),
        ({**NEVER, "state": "held"}, "held"),
        ({**NEVER, "state": "scheduled", "send_at": LATER}, "scheduled"),
        ({**NEVER, "state": "withdrawn", "closed_at": BEFORE}, "closed_withdrawn"),
        ({**NEVER, "is_meant": False}, "not_meant"),
        ({**NEVER, "is_meant": False, "kind": "request"}, "not_meant"),
        ({**NEVER, "is_meant": False, "is_inside": False}, "beyond_ceiling"),
        ({**NEVER, "fanned_out_at": None}, "fan_out_runs"),
        ({**NEVER, "is_asked_later": True, "kind": "request"}, "step_later"),
        (NEVER, "no_copy"),
        ({**SILENT, "arrived_at": LATER}, "copy_later"),
        ({**SILENT, "silence": "quiet_hours", "silent_until": LATER}, "quiet_hours"),
        ({**SILENT, "silence": "opted_out"}, "opted_out"),
        ({**SILENT, "paused_at": BEFORE}, "subsystem_paused"),
        ({**SILENT, "pushes_paused_at": BEFORE}, "pushes_paused"),
        ({**SILENT, "phones": ()}, "no_phone"),
        ({**SILENT, "phones": (SIGNED_OUT,)}, "signed_out"),
        ({**SILENT, "phones": (DEAF,)}, "phone_unreachable"),
        ({**SILENT, "work": (Work("push", "dead", BEFORE, 200, "401"),)}, "errand_dead"),
        ({**SILENT, "work": (Work("push", "waiting", LATER, 1, "429"),)}, "errand_waiting"),
        (SILENT, "not_pushed"),
        (pushed("failed", "unregistered"), "push_failed"),
        (pushed("suppressed", "opted_out"), "push_suppressed"),
        (pushed("sent"), "push_sent"),
    ],
)
def test_the_answer_is_where_the_road_ended(changed: dict[str, Any], code: str) -> None:
    found = chain.explain(dataclasses.replace(USUAL, **changed))
    assert found.answer.code == code
    assert found.answer.sentence.endswith(".")


def test_a_push_that_got_through_excuses_the_phone_that_did_not() -> None:
    old = Push("Nokia", "show", "failed", "unregistered", 1, BEFORE)
    found = chain.explain(dataclasses.replace(USUAL, pushes=(old, *USUAL.pushes)))
    assert found.answer.code == "unseen"
    assert not any(link.ends for link in found.links)


MOMENTS = st.sampled_from([None, BEFORE, NOW, LATER])
REACHED = st.builds(
    Push, to=st.just("Pixel 9"), purpose=st.sampled_from(["show", "clear", "remind1"]),
    state=st.sampled_from(chain.FARING), reason=st.just(""), attempts=st.just(1), at=st.just(NOW),
)  # fmt: skip
ANY_FACTS = st.builds(
    Facts,
    now=st.just(NOW), disabled_at=MOMENTS, disabled_reason=st.sampled_from(["", "directory"]),
    kind=st.sampled_from(["notice", "acknowledgement", "request"]),
    mode=st.sampled_from(["live", "test"]), state=st.sampled_from(Notification.State.values),
    version=st.just(1), send_at=MOMENTS, closed_at=MOMENTS, fanned_out_at=MOMENTS,
    is_meant=st.booleans(), is_inside=st.booleans(), is_asked_later=st.booleans(),
    arrived_at=MOMENTS, by_delegation=st.booleans(), seen_at=MOMENTS, read_at=MOMENTS,
    archived_at=MOMENTS, silence=st.sampled_from(["", *chain.SILENCED]), silent_until=MOMENTS,
    paused_at=MOMENTS, pushes_paused_at=MOMENTS,
    phones=st.lists(st.builds(
        Phone, name=st.just("Pixel 9"), signed_in_at=st.sampled_from([BEFORE, LATER]),
        closed_at=MOMENTS, closed_reason=st.just("logout"), reachable=st.booleans(),
        lost_at=MOMENTS, lost_reason=st.just("unregistered"),
    ), max_size=3),
    work=st.lists(st.builds(
        Work, kind=st.just("push"), standing=st.sampled_from(["due", "leased", "waiting", "dead"]),
        due_at=st.just(NOW), attempts=st.just(1), last_error=st.sampled_from(["", "429"]),
    ), max_size=2),
    pushes=st.lists(REACHED, max_size=3), mails=st.lists(REACHED, max_size=1),
)  # fmt: skip


@given(ANY_FACTS)
def test_whatever_the_facts_there_is_an_answer_and_its_code_is_in_the_manual(facts: Facts) -> None:
    found = chain.explain(facts)
    manual = (ROOT / "docs" / "operations.md").read_text()
    assert found.answer in found.links
    for link in found.links:
        family = re.sub("^(push|mail|errand|closed)_.*", r"\1_…", link.code)
        assert f"`{link.code}`" in manual or f"`{family}`" in manual, link.code
        assert link.sentence.endswith(".")


def said(employee: Employee, notification: Notification) -> dict[str, Any]:
    out = StringIO()
    call_command("explain", employee.employee_id, str(notification.pk), "--json", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.mark.django_db
def test_the_command_reads_the_chain_from_what_happened(
    accept: Callable[..., Notification], alice: Employee, bob: Employee, charlie: Employee,
    phone: Callable[..., Device], provider: Any, now: datetime,
) -> None:  # fmt: skip
    device = phone(alice, "token-alice")
    provider.says["token-alice"] = Outcome(Fate.GONE, "unregistered")
    sent = accept(alice, bob, kind="notice")
    assert said(alice, sent)["answer"] == "errand_due"
    work()
    codes = [link["code"] for link in said(alice, sent)["links"]]
    assert {"phone_unreachable", "push_failed"} <= set(codes)
    assert said(alice, sent)["answer"] == "push_failed"
    assert said(bob, sent)["answer"] == "no_phone"
    assert said(charlie, sent)["answer"] == "not_meant"
    switches.pause_pushes(actor=HUB, now=now)
    phone(bob)
    assert said(bob, accept(bob, kind="notice"))["answer"] == "pushes_paused"
    people.set_disabled(employee_id=charlie.pk, reason="expired", actor=HUB, now=now)
    assert said(charlie, sent)["answer"] == "account_disabled"
    withdrawal.withdraw(
        among=Notification.objects.all(), notification_id=sent.pk, reason="Wrong", actor=HUB,
        now=clock.now(),
    )  # fmt: skip
    assert "closed_withdrawn" in [link["code"] for link in said(alice, sent)["links"]]
    assert device.pk


@pytest.mark.django_db
def test_the_command_tells_whoever_opted_out(
    accept: Callable[..., Notification], alice: Employee, phone: Callable[..., Device],
    provider: Any, now: datetime,
) -> None:  # fmt: skip
    phone(alice)
    sent = accept(alice, kind="notice")
    sent.category.essential = False
    sent.category.save()
    OptOut.objects.create(category=sent.category, employee=alice, since=now)
    assert said(alice, sent)["answer"] == "opted_out"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked", ["E404 x", "E1001 x", "E1001 018f0000-0000-7000-8000-000000000000"]
)
def test_who_or_what_is_not_there_is_told(alice: Employee, asked: str) -> None:
    with pytest.raises(CommandError):
        call_command("explain", *asked.split(), stdout=StringIO())


@pytest.mark.django_db
def test_the_helpdesk_has_a_page_without_content_and_each_look_is_on_the_record(
    accept: Callable[..., Notification], alice: Employee, payroll: Subsystem, now: datetime
) -> None:
    sent = accept(alice, kind="notice")
    work()
    staff = Staff.objects.create_user("eve", is_staff=True)
    RoleGrant.objects.create(staff=staff, role="helpdesk", given_at=now)
    client = Client()
    client.force_login(staff)
    page = reverse("admin:accounts_employee_why", args=[alice.pk])
    first = client.get(page).content.decode()
    assert str(sent.pk) in first
    answer = client.get(page, {"notification": str(sent.pk)}).content.decode()
    assert "has never signed in on a phone" in answer
    assert "Payroll" in answer
    for content in ("Expense report", "Taxi"):
        assert content not in first + answer
    missing = client.get(page, {"notification": "nonsense"})
    assert missing.status_code == 200
    assert "There is no notification of this id." in missing.content.decode()
    looks = AuditEvent.objects.filter(action="personal_data_read").order_by("pk")
    assert [look.data for look in looks] == [
        {"page": "why"}, {"page": "why", "notification": str(sent.pk)}, {"page": "why"},
    ]  # fmt: skip
