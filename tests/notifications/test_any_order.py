"""Whatever happens to a request, in any order: a machine drives it, and the invariants hold.

The machine acts through the domain's functions on the real database, beside a model that is
nothing but dictionaries; each act must end as the model says, and after each the database is read
again. Delegation has its place in `Request.holders`.
"""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.lib import clock, errors
from notifications import editing, ending, errands, expiry, inbox, ingest, settlement, withdrawal
from notifications.approvals import refusals, respond, steps
from notifications.models import (
    CallbackEvent,
    Decision,
    Errand,
    Notification,
    Recipient,
    Response,
    Seat,
)
from tests.notifications.test_policy import possible

EFFECTS = {"approve": "approve", "reject": "reject", "park": "reject", "abstain": "answer"}
ACTIONS = [
    {"verb": verb, "label": verb, "effect": effect, "comment": "optional"}
    for verb, effect in EFFECTS.items()
]
RULES = st.one_of(
    st.builds(lambda ends: {"mode": "any", "reject_ends": ends}, st.booleans()),
    st.builds(lambda ends: {"mode": "all", "reject_ends": ends}, st.booleans()),
    st.builds(lambda n, ends: {"mode": "quorum", "n": n, "reject_ends": ends}, st.integers(1, 2), st.booleans()),
)  # fmt: skip
PEOPLE = st.sets(st.integers(0, 3), min_size=2, max_size=3)
CLOSED = {"decided", "settled", "withdrawn", "expired"}


class Naive:
    """A rule of a step, as the oracle of the policies takes it."""

    def __init__(self, mode, n=1, reject_ends=True):
        self.mode, self.n, self.reject_ends = mode, n, reject_ends


class Machine(RuleBasedStateMachine):
    """One request, its approvers, its sender, and time."""

    cast = caller = None

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.ended = None  # how it was when it ended

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(
        asked=st.lists(st.tuples(RULES, PEOPLE), min_size=1, max_size=3),
        collects=st.integers(0, 9).map(lambda drawn: drawn == 0),
        on_expiry=st.sampled_from(["none", "approve", "reject"]),
    )
    def ask(self, asked, collects, on_expiry):
        self.rules = [Naive(**rule) for rule, _ in asked]
        self.holders = [[self.cast[place] for place in sorted(places)] for _, places in asked]
        self.collects = collects
        self.on_expiry = "none" if collects else on_expiry
        audiences = [
            {"any": [{"employees": [person.employee_id for person in people]}]}
            for people in self.holders
        ]
        policy = {
            "mode": "sequence",
            "steps": [
                {**rule, "audience": audience}
                for (rule, _), audience in zip(asked, audiences, strict=True)
            ],
        }
        if collects:
            self.rules, self.holders = self.rules[:1], self.holders[:1]
            policy = {"mode": "collect"}
        card = {"title": "T", "summary": "", "body": "", "facts": [], "links": [], "actions": ACTIONS}  # fmt: skip
        now = clock.now()
        draft = ingest.Draft(
            category="approval", kind="request", card=card, policy=policy, on_expiry=self.on_expiry,
            audience=audiences[0] if collects else {}, expires_at=now + timedelta(days=1),
        )  # fmt: skip
        self.id = ingest.accept(draft, caller=self.caller, now=now).id
        self.version, self.step, self.state = 1, 0, "open"
        self.answers = {}  # (step, person) -> verb, of the present version
        self.given = 0  # answers that were taken, of any version
        self.seen_by = set(self.holders[0])

    # What the approvers do.

    @rule(place=st.integers(0, 3), verb=st.sampled_from(sorted(EFFECTS)), names=st.booleans())
    def answer(self, place, verb, names):
        person = self.cast[place]
        expected = self.expected(person, verb, names=names)
        assert self.tried(person, verb, step=self.step + 1 if names else None) == expected
        if expected == "taken":
            self.given += 1
            self.answers[self.step, person] = verb
            self.follow()

    @rule(place=st.integers(0, 3), verb=st.sampled_from(sorted(EFFECTS)))
    def answer_what_is_not_there_any_more(self, place, verb):
        if self.version > 1 and self.state == "open":
            got = self.tried(self.cast[place], verb, step=None, version=self.version - 1)
            assert got in {"VersionChanged", "NotFound", "NotYoursToAnswer"}

    # What the sender does.

    @rule()
    def withdraw(self):
        act = self.by_sender(withdrawal.by_subsystem, reason="Why not.")
        self.end("withdrawn", act)

    @rule()
    def settle(self):
        said = {"outcome": "paid", "by": "", "note": ""}
        self.end("settled", self.by_sender(settlement.by_subsystem, settlement=said))

    @rule(stale=st.booleans())
    def edit(self, stale):
        edit = editing.Edit(
            version=self.version + (1 if stale else 0),
            changes={"title": f"T{self.version + 1}"},
        )
        got = self.by_sender(editing.by_subsystem, edit=edit)
        if self.state in CLOSED:
            assert got == "AlreadyClosed"
        elif stale:
            assert got == "VersionMismatch"
        else:
            assert got == "taken"
            self.version, self.step, self.answers = self.version + 1, 0, {}

    # What time does.

    @precondition(lambda self: self.state == "open")
    @rule()
    def expire(self):
        Errand.objects.filter(notification_id=self.id, kind="expire").update(due_at=clock.now())
        [errand] = errands.claim(queue="maintenance", limit=1, now=clock.now())
        expiry.run(errand, clock.now())
        self.state = "expired" if self.on_expiry == "none" else "decided"
        self.outcome = None if self.on_expiry == "none" else self.on_expiry

    # The model.

    def expected(self, person, verb, *, names):
        """What becomes of an answer to the present version."""
        if person not in self.seen_by:
            return "NotFound"
        held = [step for step, people in enumerate(self.holders) if person in people]
        there = [step for step in held if step == self.step]
        if not there and not names:
            there = [step for step in held if step <= self.step][-1:]
        if there and self.answers.get((there[0], person)) == verb:
            return "repeated"
        if self.state != "open":
            return {"decided": "AlreadyDecided"}.get(self.state, self.state.capitalize())
        if not there:
            return "NotYoursToAnswer"
        if (there[0], person) in self.answers:
            return "AlreadyAnswered"
        if there[0] < self.step:
            return "StepOver"
        earlier = [step for step in held if step < self.step and (step, person) in self.answers]
        return "Invalid" if earlier and not names else "taken"

    def follow(self):
        """After an answer: the next step, or the end."""
        if self.collects:
            return
        rule, people = self.rules[self.step], self.holders[self.step]
        effects = [EFFECTS[self.answers[self.step, one]] for one in people if (self.step, one) in self.answers]  # fmt: skip
        ends = possible(rule, len(people), effects)
        approvals_alone = Naive(rule.mode, rule.n, reject_ends=False)
        if ends == {"reject"}:
            self.state, self.outcome = "decided", "reject"
        elif possible(approvals_alone, len(people), effects) == {"approve"}:
            if self.step + 1 == len(self.rules):
                self.state, self.outcome = "decided", "approve"
            else:
                self.step += 1
                self.seen_by |= set(self.holders[self.step])

    def end(self, state, got):
        if self.state in {"open", state}:
            assert got == "taken"
            self.state = state
        else:
            assert got == "AlreadyClosed"

    def tried(self, person, verb, *, step, version=None):
        answer = respond.Answer(verb=verb, version=version or self.version, step=step)
        before = Response.objects.count()
        try:
            respond.respond(
                employee_id=person.id, notification_id=self.id, answer=answer, now=clock.now()
            )
        except errors.HubError as refused:
            refusal = refused
        else:
            return "taken" if Response.objects.count() > before else "repeated"
        assert Response.objects.count() == before
        if isinstance(refusal, refusals.AlreadyDecided):
            assert refusal.data["decision"]["effect"] == self.outcome
        return type(refusal).__name__

    def by_sender(self, act, **said):
        try:
            act(caller=self.caller, notification_id=self.id, now=clock.now(), **said)
        except (ending.AlreadyClosed, editing.VersionMismatch) as refused:
            refusal = refused
        else:
            return "taken"
        assert refusal.data["notification"]["state"] == self.state
        return type(refusal).__name__

    # What always holds.

    @invariant()
    def the_row_is_what_the_model_says_and_an_end_is_final(self):
        row = Notification.objects.get(id=self.id)
        assert (row.state, row.version, row.step) == (self.state, self.version, self.step)
        if self.ended is not None:
            assert (row.state, row.closed_at) == self.ended
        elif row.state in CLOSED:
            self.ended = (row.state, row.closed_at)

    @invariant()
    def there_is_one_decision_at_most_and_the_callback_carries_it(self):
        decisions = list(Decision.objects.filter(notification=self.id))
        told = CallbackEvent.objects.filter(notification=self.id, type="decision.made")
        assert len(decisions) == (1 if self.state == "decided" else 0)
        assert [(event.body["data"]["verb"], event.body["data"]["effect"]) for event in told] == [
            (decision.verb, decision.effect) for decision in decisions
        ]
        for decision in decisions:
            assert (decision.effect, decision.version) == (self.outcome, self.version)
            if decision.response is not None:
                assert decision.response.version == decision.version

    @invariant()
    def every_answer_is_kept_once_a_seat_and_version_and_voided_ones_count_no_more(self):
        given = list(Response.objects.filter(notification=self.id).select_related("seat"))
        assert len(given) == self.given
        assert all(n == 1 for n in Counter((one.seat_id, one.version) for one in given).values())
        present = {
            (one.seat.step, one.actor_id): one.verb for one in given if one.version == self.version
        }
        assert present == {(step, person.id): verb for (step, person), verb in self.answers.items()}
        row = Notification.objects.get(id=self.id)
        if self.state == "open":
            assert steps.standing(row).step == self.step
            assert steps.standing(row).outcome is None

    @invariant()
    def events_are_numbered_without_a_gap_and_the_last_one_tells_the_end(self):
        told = list(CallbackEvent.objects.filter(notification=self.id).order_by("sequence"))
        assert [event.sequence for event in told] == list(range(1, len(told) + 1))
        ends = [event.type for event in told if event.type != "response.recorded"]
        wanted = {"decided": "decision.made"}.get(self.state, f"notification.{self.state}")
        assert ends == ([wanted] if self.state in CLOSED else [])
        closing = Errand.objects.filter(notification_id=self.id, kind="close").count()
        assert closing == len(ends)

    @invariant()
    def it_waits_for_exactly_those_who_are_asked_and_is_seen_by_nobody_else(self):
        copies = set(Recipient.objects.filter(notification=self.id).values_list("employee_id", flat=True))  # fmt: skip
        assert copies == {person.id for person in self.seen_by}
        for person in self.cast:
            free = person in self.holders[self.step] and (self.step, person) not in self.answers
            waits = self.state == "open" and free and not self.collects
            assert inbox.counts(employee_id=person.id)["waiting"] == int(waits)
            if person in self.seen_by:
                item = inbox.item(employee_id=person.id, notification_id=self.id)
                assert item["waiting_for_you"] == waits
                assert bool(item["actions"]) == (self.state == "open" and free)
        assert Seat.objects.filter(notification=self.id).count() == sum(map(len, self.holders))


@pytest.mark.django_db
def test_whatever_happens_to_a_request_there_is_one_truth(
    alice, bob, charlie, dana, caller, approval
):
    Machine.cast, Machine.caller = [alice, bob, charlie, dana], caller
    assert caller.key_id != uuid.UUID(int=0)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
