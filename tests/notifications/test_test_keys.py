"""With a test key everything happens but the last wire, and no person sees any of it."""

from dataclasses import replace

import pytest

from accounts.models import ApiKey
from hub.lib import errors
from notifications import acknowledgements, changes, inbox, ingest, reports, simulation
from notifications.approvals import refusals, respond
from notifications.models import CallbackEvent, Decision, DecisionReceipt, Delivery
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def tester(caller):
    return replace(caller, mode=ApiKey.Mode.TEST)


@pytest.fixture
def sent(tester, approval, now):
    """A request to alice and bob, sent with a test key."""

    def make(*people, kind="request", **more):
        card = {"title": "T", "summary": "", "body": "", "facts": [], "links": []}
        if kind == "request":
            card["actions"] = [
                {"verb": v, "label": v, "effect": v, "comment": ""} for v in ("approve", "reject")
            ]
        audience = {"any": [{"employees": [p.employee_id for p in people]}]}
        draft = ingest.Draft(category="approval", kind=kind, card=card, audience=audience, **more)
        return ingest.accept(draft, caller=tester, now=now).notification

    return make


@pytest.fixture
def simulate(tester, now):
    def go(notification, person, verb="approve", by=tester, **more):
        simulation.answer(
            caller=by, notification_id=notification.id, now=now,
            said=simulation.Said(employee_id=person.employee_id, verb=verb, **more),
        )  # fmt: skip

    return go


def test_a_simulated_employee_answers_what_a_phone_would_have_to_sign(
    sent, simulate, alice, approval
):
    type(approval).objects.filter(pk=approval.pk).update(step_up=True)
    request = sent(alice)
    simulate(request, alice)

    decision = Decision.objects.get(notification=request)
    assert decision.effect == "approve"
    assert not DecisionReceipt.objects.exists()


def test_it_is_in_nobodys_inbox_counts_or_feed_and_no_push_leaves(
    sent, accept, alice, bob, phone, provider
):
    phone(alice)
    live = accept(alice)
    work()
    provider.sent.clear()
    cursor = changes.since(employee_id=alice.id, cursor=None).cursor
    request, notice = sent(alice, bob), sent(alice, kind="notice")
    read = sent(alice, kind="acknowledgement")
    work()

    for state in ("open", "waiting"):
        page = inbox.page(employee_id=alice.id, state=state)
        assert [item["id"] for item in page.entries] == [str(live.id)]
    assert inbox.counts(employee_id=alice.id) == {
        "unread": 1,
        "waiting": 1,
        "snoozed": 0,
        "capped": False,
    }
    assert changes.since(employee_id=alice.id, cursor=cursor).entries == []
    assert provider.sent == []
    assert Delivery.objects.filter(state="suppressed").count() == 3
    for hidden in (request, notice, read):
        with pytest.raises(errors.NotFound):
            inbox.item(employee_id=alice.id, notification_id=hidden.id)


def test_no_person_can_answer_or_confirm_it(sent, alice, provider, now):
    request, read = sent(alice), sent(alice, kind="acknowledgement")
    with pytest.raises(errors.NotFound):
        respond.respond(
            employee_id=alice.id, notification_id=request.id, now=now,
            answer=respond.Answer(verb="approve", version=1),
        )  # fmt: skip
    with pytest.raises(errors.NotFound):
        acknowledgements.acknowledge(
            employee_id=alice.id, notification_id=read.id, version=1, now=now
        )
    assert not Decision.objects.exists()
    assert not CallbackEvent.objects.exists()


def test_a_simulated_employee_decides_and_the_sub_system_reads_it_all_back(
    sent, simulate, alice, bob, tester, provider
):
    request = sent(alice, bob, policy={"mode": "all", "n": 1, "reject_ends": True})
    work()
    simulate(request, alice)
    simulate(request, bob, verb="reject", comment="Too much.")

    report = reports.one(caller=tester, notification_id=request.id)
    assert report["state"] == "decided"
    assert report["decision"]["verb"] == "reject"
    assert (report["counts"]["recipients"], report["counts"]["responded"]) == (2, 2)
    told = [event.body for event in CallbackEvent.objects.order_by("sequence")]
    assert [event["type"] for event in told] == ["response.recorded", "decision.made"]
    assert {event["data"]["mode"] for event in told} == {"test"}


def test_the_endpoint_is_called_with_the_mode_in_the_body(
    sent, simulate, alice, provider, payroll, monkeypatch
):
    from accounts import audit, subsystems
    from accounts.models import Subsystem
    from tests.notifications.callbacks.endpoint import Endpoint

    endpoint = Endpoint()
    Subsystem.objects.filter(pk=payroll.pk).update(
        callback_url=endpoint.url, callback_loopback_allowed=True
    )
    subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=audit.HUB, now=payroll.created_at)
    request = sent(alice)
    simulate(request, alice)
    work()
    endpoint.close()

    (said,) = endpoint.heard
    assert said.event["data"]["mode"] == "test"
    assert Decision.objects.get().outcome == "confirmed"


def test_it_is_refused_as_a_person_would_be(sent, simulate, alice, bob, charlie, provider):
    request = sent(alice, bob)
    with pytest.raises(refusals.CommentRequired):
        simulate(request, alice, verb="reject")
    with pytest.raises(refusals.VersionChanged):
        simulate(request, alice, version=2)
    with pytest.raises(errors.NotFound):
        simulate(request, charlie)
    simulate(request, alice)
    with pytest.raises(refusals.AlreadyDecided) as late:
        simulate(request, bob, verb="reject", comment="No.")
    assert late.value.data["decision"]["decided_by"]["employee_id"] == "E1001"


def test_an_acknowledgement_is_confirmed_by_its_verb(sent, simulate, alice, tester, provider):
    read = sent(alice, kind="acknowledgement")
    simulate(read, alice, verb="acknowledge")

    assert CallbackEvent.objects.get().type == "notification.acknowledged"


def test_only_a_test_key_simulates_and_only_what_was_sent_with_one(
    sent, accept, simulate, alice, caller, tester, rosters, provider
):
    live, request = accept(alice), sent(alice)
    with pytest.raises(simulation.TestKeyNeeded):
        simulate(live, alice, by=caller)
    with pytest.raises(errors.NotFound):
        simulate(live, alice)
    with pytest.raises(errors.NotFound):
        simulate(request, alice, by=replace(tester, subsystem_id=rosters.pk))
    assert not Decision.objects.exists()


def test_who_left_or_never_was_answers_nothing(sent, simulate, alice, bob, provider, now):
    request = sent(alice)
    alice.disabled_at = now
    alice.save()
    with pytest.raises(errors.Invalid) as refused:
        simulate(request, alice)

    assert refused.value.errors[0].pointer == "/employee_id"
