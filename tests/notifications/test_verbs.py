"""Verbs of the sender's own, their effects, comments and inputs; and surveys."""

import math

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.api import bodies
from hub.lib import clock, errors
from notifications import inbox
from notifications.api.actions import InputShape
from notifications.api.subsystem import inputs, quick
from notifications.approvals import inputs as values
from notifications.approvals import refusals, respond
from notifications.models import CallbackEvent, Decision, Response

BODY = {
    "category": "approval", "kind": "request", "title": "T",
    "audience": {"any": [{"employees": ["E1001"]}]},
}  # fmt: skip


def action(verb, effect=None, comment="", **more):
    return {"verb": verb, "label": verb, "effect": effect or verb, "comment": comment, **more}


@pytest.fixture
def ask(make_request):
    def make(*people, actions, **more):
        request = make_request(*people, **more)
        request.card = {**request.card, "actions": actions}
        request.save()
        return request

    return make


def answer(person, request, verb, comment="", **said):
    given = respond.Answer(verb=verb, version=1, comment=comment, inputs=said)
    return respond.respond(
        employee_id=person.id, notification_id=request.id, answer=given, now=clock.now()
    )


@pytest.mark.django_db
def test_a_verb_counts_as_its_effect_and_the_decision_carries_the_verb(ask, alice, bob):
    policy = {"mode": "all", "n": 1, "reject_ends": True}
    request = ask(alice, bob, actions=[action("wave_through", "approve")], policy=policy)
    answer(alice, request, "wave_through")
    item = answer(bob, request, "wave_through")

    assert (item["decision"]["verb"], item["decision"]["effect"]) == ("wave_through", "approve")


@pytest.mark.django_db
def test_an_answer_that_is_neither_takes_its_seat(ask, alice, bob):
    policy = {"mode": "quorum", "n": 2, "reject_ends": True}
    request = ask(
        alice, bob, actions=[action("approve"), action("abstain", "answer")], policy=policy
    )
    item = answer(alice, request, "abstain")

    # Two approvals can't come together any more.
    assert (item["decision"]["verb"], item["decision"]["effect"]) == ("reject", "reject")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "effect", "said", "refusal"),
    [
        ("", "reject", "", refusals.CommentRequired),
        ("", "reject", "Why not.", None),
        ("optional", "reject", "", None),
        ("required", "approve", " ", refusals.CommentRequired),
        ("none", "approve", "Well.", errors.Invalid),
        ("none", "reject", "", None),
    ],
)
def test_the_comment_is_as_the_action_has_it(ask, alice, rule, effect, said, refusal):
    request = ask(alice, actions=[action("do", effect, rule)])
    if refusal is None:
        assert answer(alice, request, "do", said)["state"] == "decided"
    else:
        with pytest.raises(refusal) as refused:
            answer(alice, request, "do", said)
        assert refused.value.errors[0].pointer == "/comment"
        assert not Response.objects.exists()


UNTIL = {"name": "until", "label": "Until", "type": "date", "required": True, "min": "2026-12-01"}


@pytest.mark.django_db
def test_inputs_are_offered_checked_sealed_and_told(ask, alice):
    request = ask(
        alice, actions=[action("approve"), action("park", "reject", "none", inputs=[UNTIL])]
    )
    item = inbox.item(employee_id=alice.id, notification_id=request.id)
    assert [one["inputs"] for one in item["actions"]] == [[], [UNTIL]]
    for said in ({}, {"until": "2026-11-30"}, {"until": "2026-12-24", "more": 1}, {"until": 5}):
        with pytest.raises(errors.Invalid) as refused:
            answer(alice, request, "park", **said)
        assert refused.value.errors[0].pointer in {"/inputs/until", "/inputs/more"}
    assert not Response.objects.exists()
    item = answer(alice, request, "park", until="2026-12-24")

    assert item["your_answer"]["inputs"] == {"until": "2026-12-24"}
    assert CallbackEvent.objects.get().body["data"]["inputs"] == {"until": "2026-12-24"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT inputs FROM notifications_response")
        assert b"2026" not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db
def test_the_same_inputs_again_are_a_repeat_and_others_are_not(ask, alice, bob):
    policy = {"mode": "all", "n": 1, "reject_ends": True}
    request = ask(alice, bob, actions=[action("approve", inputs=[{**UNTIL, "required": False}])], policy=policy)  # fmt: skip
    answer(alice, request, "approve", until="2026-12-24")
    answer(alice, request, "approve", until="2026-12-24")
    with pytest.raises(refusals.AlreadyAnswered):
        answer(alice, request, "approve", until="2026-12-25")
    assert Response.objects.count() == 1


@pytest.mark.django_db
def test_a_survey_takes_one_answer_each_decides_nothing_and_waits_for_nobody(ask, alice, bob):
    survey = [action("yes", "answer"), action("no", "answer")]
    request = ask(alice, bob, actions=survey, policy={"mode": "collect"})
    item = inbox.item(employee_id=alice.id, notification_id=request.id)
    assert not item["waiting_for_you"]
    assert len(item["actions"]) == 2
    assert inbox.counts(employee_id=alice.id)["waiting"] == 0
    marked = inbox.mark(
        employee_id=bob.id, notification_ids=[request.id], mark="archived", now=clock.now()
    )
    assert marked == 1
    item = answer(alice, request, "yes")

    assert (item["state"], item["actions"]) == ("open", [])
    with pytest.raises(refusals.AlreadyAnswered):
        answer(alice, request, "no")
    answer(bob, request, "no")
    assert not Decision.objects.exists()
    assert [event.type for event in CallbackEvent.objects.all()] == ["response.recorded"] * 2


def judged(**more):
    """The pointers and codes of what is wrong with a body; the quick reader never disagrees."""
    body = {**BODY, **more}
    try:
        draft = inputs.draft_of(bodies.validated(inputs.NotificationInput, body))
    except errors.Invalid as refusal:
        assert quick.read(body) is None
        return [flaw.pointer for flaw in refusal.errors]
    recognised = quick.read(body)
    assert recognised is None or inputs.draft_of(recognised) == draft
    return []


def one(**more):
    return [
        {"verb": "approve", "label": "Yes"},
        {"verb": "v", "label": "V", "effect": "reject", **more},
    ]


def declared(**more):
    return one(inputs=[{"name": "n", "type": "text", **more}])


@pytest.mark.parametrize(
    ("actions", "pointers"),
    [
        (one(), []),
        (one(effect="answer"), []),
        (one() + [{"verb": f"v{i}", "label": "V", "effect": "reject"} for i in range(4)], []),
        (one() + [{"verb": f"v{i}", "label": "V", "effect": "reject"} for i in range(5)], ["/actions"]),
        ([{"verb": "v", "label": "V"}], ["/actions/0/effect"]),
        ([{"verb": "approve", "label": "V", "effect": "reject"}], ["/actions/0/effect"]),
        ([{"verb": "v", "label": "V", "effect": "reject"}], ["/actions"]),
        (one(verb="approve", effect="approve"), ["/actions"]),
        (one(verb="Approve it"), ["/actions/1/verb"]),
        (declared(), []),
        (declared(max_length=2000), []),
        (declared(max_length=2001), ["/actions/1/inputs/0/max_length"]),
        (declared(min=1), ["/actions/1/inputs/0/min"]),
        (declared(options=["a"]), ["/actions/1/inputs/0/options"]),
        (declared(type="select"), ["/actions/1/inputs/0/options"]),
        (declared(type="select", options=["a", "b"]), []),
        (declared(type="select", options=["a", "a"]), ["/actions/1/inputs/0/options"]),
        (declared(type="select", options=["a"], max=1), ["/actions/1/inputs/0/max"]),
        (declared(type="multi-select", options=["a", "b"], min=1, max=2), []),
        (declared(type="number", min=1, max=0.5), ["/actions/1/inputs/0/max"]),
        (declared(type="number", min="2026-01-01"), ["/actions/1/inputs/0/min"]),
        (declared(type="date", min="2026-01-01", max="2026-02-01"), []),
        (declared(type="date", min="2026-02-30"), ["/actions/1/inputs/0/min"]),
        (declared(type="date", min=True), ["/actions/1/inputs/0/min"]),
        (declared(type="money"), ["/actions/1/inputs/0/type"]),
        (declared(surprise=1), ["/actions/1/inputs/0/surprise"]),
        (one(inputs=[{"name": "n", "type": "text"}] * 2), ["/actions/1/inputs"]),
    ],
)  # fmt: skip
def test_what_an_action_declares_makes_sense(actions, pointers):
    assert judged(actions=actions) == pointers


STEP = {"mode": "any", "audience": BODY["audience"]}


@pytest.mark.parametrize(
    ("policy", "pointers"),
    [
        ({"mode": "sequence", "steps": [STEP]}, ["/audience"]),
        ({"mode": "any", "steps": [STEP]}, ["/policy/steps"]),
        ({"mode": "sequence"}, ["/policy/steps"]),
        ({"mode": "sequence", "steps": []}, ["/policy/steps"]),
        ({"mode": "sequence", "steps": [STEP] * 11}, ["/policy/steps"]),
        ({"mode": "sequence", "steps": [{"mode": "any"}]}, ["/policy/steps/0/audience"]),
        ({"mode": "sequence", "steps": [{**STEP, "n": 1}]}, ["/policy/steps/0/n"]),
        ({"mode": "sequence", "steps": [STEP], "reject_ends": True}, ["/policy/reject_ends"]),
        ({"mode": "collect"}, ["/actions"]),
    ],
)
def test_what_a_policy_says_makes_sense(policy, pointers):
    assert judged(policy=policy) == pointers


def test_a_sequence_needs_no_audience_and_everything_else_does():
    body = {name: value for name, value in BODY.items() if name != "audience"}
    sequence = {**body, "policy": {"mode": "sequence", "steps": [STEP]}}
    assert bodies.validated(inputs.NotificationInput, sequence)["policy"]["mode"] == "sequence"
    with pytest.raises(errors.Invalid) as refused:
        bodies.validated(inputs.NotificationInput, body)
    assert [(flaw.pointer, flaw.code) for flaw in refused.value.errors] == [
        ("/audience", "required")
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.dates().map(str) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
DECLARED = st.sampled_from([
    {"type": "text"}, {"type": "text", "max_length": 3}, {"type": "number", "min": 0, "max": 10},
    {"type": "date", "min": "2000-01-01"}, {"type": "boolean"}, {"type": "select", "options": ["a", "b"]},
    {"type": "multi-select", "options": ["a", "b"], "min": 1},
]).flatmap(lambda one: st.builds(lambda name, required: {"name": name, "label": "L", "required": required, **one},
                                 st.sampled_from("xyz"), st.booleans()))  # fmt: skip


def tried(declared, said):
    """What is kept of it, None if it is refused; and what is wrong, by pointer."""
    try:
        return values.check(declared, said), set()
    except errors.Invalid as refusal:
        return None, {flaw.pointer for flaw in refusal.errors}


@given(
    declared=st.lists(DECLARED, max_size=3, unique_by=lambda one: one["name"]),
    said=st.dictionaries(st.sampled_from("xyzw"), JUNK, max_size=3),
)
def test_whatever_is_said_is_refused_by_pointer_or_kept_as_declared(declared, said):
    for one in declared:
        bodies.validated(InputShape, one)
    names = {one["name"] for one in declared}
    kept, pointers = tried(declared, said)
    assert pointers <= {f"/inputs/{name}" for name in "xyzw"}
    if kept is None:
        assert pointers
        return
    assert kept == {name: value for name, value in said.items() if value is not None}
    assert {name for name, value in said.items() if value is not None} <= names
    for one in declared:
        value = kept.get(one["name"])
        assert value is not None or not one["required"]
        if isinstance(value, int | float):
            assert math.isfinite(value)
