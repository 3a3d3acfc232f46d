"""Whatever happens to a request, in any order: a machine drives it, and the invariants hold.

The machine acts through the domain's functions on the real database, beside a model that is
nothing but dictionaries; each act must end as the model says, and after each the database is read
again. Who holds which seat is in `Machine.holders`, who stands in for whom in `Machine.lent`: seats
pass on and are reassigned, and a delegate sees and answers what the model says.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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

from accounts import audit
from accounts.models import Employee
from hub.lib import clock, errors
from notifications import (
    calendars,
    editing,
    ending,
    errands,
    expiry,
    inbox,
    ingest,
    settlement,
    withdrawal,
)
from notifications.approvals import delegation, reassign, refusals, respond, steps
from notifications.escalation import escalate, prompts
from notifications.models import (
    Calendar,
    CallbackEvent,
    Category,
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
VERBS = st.sampled_from(["approve", "approve", *EFFECTS])
CLOSED = {"decided", "settled", "withdrawn", "expired"}
DAY = timedelta(days=1)
SCOPES = {
    "everything": {}, "the sub-system": {"subsystem": "payroll"},
    "its category": {"subsystem": "payroll", "category": "approval"},
    "another category": {"subsystem": "payroll", "category": "leave"},
}  # fmt: skip


class Naive:
    """A rule of a step, as the oracle of the policies takes it."""

    def __init__(self, mode, n=1, reject_ends=True):
        self.mode, self.n, self.reject_ends = mode, n, reject_ends


@dataclass
class Lent:
    """A delegation, as the model has it."""

    principal: Employee
    delegate: Employee
    made: Any  # the row, for its id
    is_for_this: bool  # by its scope, its window, and by what was over when it began
    is_over: bool = False


class Machine(RuleBasedStateMachine):
    """One request, its approvers, its sender, and time."""

    cast = caller = None
    # Who is above whom, by their places in the cast.
    managers = {0: 3, 1: 3, 3: 2}

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.acts = 0
        self.ended = None  # how it was when it ended

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(
        asked=st.lists(st.tuples(RULES, PEOPLE), min_size=1, max_size=3),
        collects=st.integers(0, 9).map(lambda drawn: drawn == 0),
        on_expiry=st.sampled_from(["none", "approve", "reject"]),
        asks=st.sampled_from([None, None, 0, 2, 3]),
        lasts=st.integers(0, 12),
    )
    def ask(self, asked, collects, on_expiry, asks, lasts):
        self.lasts = lasts
        self.requester = None if asks is None else self.cast[asks]
        # Nobody approves their own request: of those who are asked, the others are.
        asked = [(rule, places - {asks}) for rule, places in asked]
        for said, places in asked:
            if "n" in said:
                said["n"] = min(said["n"], len(places))
        self.rules = [Naive(**rule) for rule, _ in asked]
        self.holders = [[self.cast[place] for place in sorted(places)] for _, places in asked]
        self.collects = collects
        self.on_expiry = "none" if collects else on_expiry
        names = [[person.employee_id for person in people] for people in self.holders]
        if self.requester is not None:
            names = [[*people, self.requester.employee_id] for people in names]
        audiences = [{"any": [{"employees": people}]} for people in names]
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
            audience=audiences[0] if collects else {}, expires_at=now + DAY,
            requester=self.requester and self.requester.employee_id,
        )  # fmt: skip
        self.id = ingest.accept(draft, caller=self.caller, now=now).id
        self.version, self.step, self.state = 1, 0, "open"
        self.holders = self.in_order()
        self.principals = [list(people) for people in self.holders]
        self.lent = []
        self.answers = {}  # (step, holder of the seat) -> verb, of the present version
        self.actors = {}  # the same -> who gave it
        self.given = 0  # answers that were taken, of any version
        self.seen_by = set(self.holders[0])

    def in_order(self):
        """The holders of each step in the order of their seats, in which seats pass on."""
        found = [[] for _ in self.rules]
        for seat in Seat.objects.filter(notification=self.id).order_by("id"):
            found[seat.step].append(next(one for one in self.cast if one.id == seat.holder_id))
        assert list(map(set, found)) == list(map(set, self.holders))
        return found

    # What the approvers do.

    @rule(place=st.integers(0, 3), verb=VERBS, names=st.booleans())
    def answer(self, place, verb, names):
        self.say(self.cast[place], verb, names=names)

    @precondition(lambda self: self.lent)
    @rule(pick=st.integers(0, 15), verb=VERBS, names=st.booleans())
    def answer_for_another(self, pick, verb, names):
        lent = self.lent[pick % len(self.lent)]
        self.say(lent.delegate, verb, names=names, principal=lent.principal)

    def say(self, person, verb, *, names, principal=None):
        expected = self.expected(person, verb, names=names, principal=principal)
        step = self.step + 1 if names else None
        assert self.tried(person, verb, step=step, principal=principal) == expected
        if expected == "taken":
            self.given += 1
            self.answers[self.step, principal or person] = verb
            self.actors[self.step, principal or person] = person
            self.follow()
            told = CallbackEvent.objects.filter(notification=self.id).latest("sequence")
            assert told.body["data"]["actor"] == {
                "employee_id": person.employee_id,
                "on_behalf_of": principal and principal.employee_id,
            }

    @precondition(lambda self: self.version > 1 and self.state == "open")
    @rule(place=st.integers(0, 3), verb=VERBS)
    def answer_what_is_not_there_any_more(self, place, verb):
        got = self.tried(self.cast[place], verb, step=None, version=self.version - 1)
        assert got in {"VersionChanged", "NotFound", "NotYoursToAnswer", "Invalid"}

    @rule(
        places=st.permutations(range(4)),
        scope=st.sampled_from(sorted(SCOPES)),
        is_now=st.sampled_from([True, True, True, False]),
    )
    def let_another_answer(self, places, scope, is_now):
        principal, delegate = self.cast[places[0]], self.cast[places[1]]
        now = clock.now()
        wish = delegation.Wish(
            delegate=delegate.employee_id, starts_at=None if is_now else now + DAY,
            ends_at=now + 2 * DAY, **SCOPES[scope],
        )  # fmt: skip
        made = delegation.give(principal_id=principal.id, wish=wish, now=now)
        counts = is_now and scope != "another category" and self.state not in CLOSED
        self.lent.append(Lent(principal, delegate, made, is_for_this=counts))

    @precondition(lambda self: sum(not lent.is_over for lent in self.lent) > 1)
    @rule(pick=st.integers(0, 15))
    def take_back(self, pick):
        given = [lent for lent in self.lent if not lent.is_over]
        lent = given[pick % len(given)]
        delegation.take_back(
            principal_id=lent.principal.id, delegation_id=lent.made.pk, now=clock.now()
        )
        lent.is_over = True

    # How seats change hands.

    @rule(places=st.permutations(range(4)))
    def reassign(self, places):
        holder, to = self.cast[places[0]], self.cast[places[1]]
        steps = [step for step in range(self.step, len(self.rules)) if self.is_free(step, holder)]
        try:
            reassign.reassign(
                notification_id=self.id, holder=holder.employee_id, to=to.employee_id,
                reason="Away.", actor=audit.Actor("staff", "1"), now=clock.now(),
            )  # fmt: skip
        except errors.Invalid:
            assert self.state in CLOSED or not steps or self.is_taken(steps[0], to, besides=holder)
        else:
            assert self.state == "open"
            assert not self.is_taken(steps[0], to, besides=holder)
            self.pass_on(steps[0], holder, to)

    @precondition(lambda self: self.state == "open" and not self.collects)
    @rule()
    def nobody_answers_and_seats_pass_to_the_managers(self):
        now = clock.now()
        row = Notification.objects.get(id=self.id)
        prompt = prompts.begin(row, do="manager", place=None, now=now)
        escalate.to_managers(row, prompt=prompt, book=calendars.read(), now=now)
        for holder in list(self.holders[self.step]):
            if self.is_free(self.step, holder):
                above = [to for to in self.above(holder) if not self.is_taken(self.step, to)]
                if above:
                    self.pass_on(self.step, holder, above[0])

    # What the sender does.

    # What ends a request comes after so many acts, lest it crowd out what may happen before.
    @precondition(lambda self: self.acts > self.lasts)
    @rule(withdraws=st.booleans())
    def take_it_back_or_settle_it(self, withdraws):
        if withdraws:
            self.end("withdrawn", self.by_sender(withdrawal.by_subsystem, reason="Why not."))
        else:
            said = {"outcome": "paid", "by": "", "note": ""}
            self.end("settled", self.by_sender(settlement.by_subsystem, settlement=said))

    @rule(stale=st.sampled_from([False, False, True]))
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
            self.version, self.step, self.answers, self.actors = self.version + 1, 0, {}, {}
            self.seen_by |= set(self.holders[0])

    # What time does.

    @precondition(lambda self: self.state == "open" and self.acts > self.lasts)
    @rule()
    def expire(self):
        Errand.objects.filter(notification_id=self.id, kind="expire").update(due_at=clock.now())
        [errand] = errands.claim(queue="maintenance", limit=1, now=clock.now())
        expiry.run(errand, clock.now())
        self.state = "expired" if self.on_expiry == "none" else "decided"
        self.outcome = None if self.on_expiry == "none" else self.on_expiry

    # The model.

    def above(self, person):
        """The managers of a person, the nearest first."""
        place = self.managers.get(self.cast.index(person))
        while place is not None:
            yield self.cast[place]
            place = self.managers.get(place)

    def is_free(self, step, holder):
        """Whether this person holds a seat of that step that has not answered."""
        return holder in self.holders[step] and (step, holder) not in self.answers

    def is_taken(self, step, person, *, besides=None):
        """Whether this person can't get a seat of that step; `besides`: whose seat it would be."""
        seats = zip(self.holders[step], self.principals[step], strict=True)
        others = {one for seat in seats if seat[0] != besides for one in seat}
        return person in others or person in {besides, self.requester}

    def pass_on(self, step, holder, to):
        self.holders[step][self.holders[step].index(holder)] = to
        if step == self.step:
            self.seen_by.add(to)

    def stands_in_for(self, person):
        """From whose seats this person may answer as well: no cascade, and none of their own."""
        return {
            lent.principal for lent in self.lent
            if lent.delegate == person and lent.is_for_this and not lent.is_over
            and person != self.requester
        }  # fmt: skip

    def sees(self, person):
        """Who was asked, and who stands in now for who is or was asked."""
        asked = {one for people in self.holders[: self.step + 1] for one in people}
        return person in self.seen_by or bool(asked & self.stands_in_for(person))

    def expected(self, person, verb, *, names, principal):
        """What becomes of an answer to the present version."""
        if not self.sees(person):
            return "NotFound"
        seated = {one for people in self.holders for one in people}
        lent = self.stands_in_for(person) & seated
        if principal is None and person not in seated:
            return "Invalid" if lent else "NotYoursToAnswer"
        if principal is not None and principal not in lent:
            return "NotYoursToAnswer"
        person = principal or person
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

    def tried(self, person, verb, *, step, version=None, principal=None):
        answer = respond.Answer(
            verb=verb, version=version or self.version, step=step,
            on_behalf_of=principal and principal.employee_id,
        )  # fmt: skip
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
        self.acts += 1
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
            (one.seat.step, one.seat.holder_id): (one.verb, one.actor_id, one.on_behalf_of_id)
            for one in given if one.version == self.version
        }  # fmt: skip
        assert present == {
            (step, held.id): (verb, actor.id, None if actor == held else held.id)
            for (step, held), verb in self.answers.items()
            for actor in [self.actors[step, held]]
        }
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
        copies = Recipient.objects.filter(notification=self.id, by_delegation=False)
        assert set(copies.values_list("employee_id", flat=True)) == {one.id for one in self.seen_by}
        for person in self.cast:
            free = {
                one for one in {person, *self.stands_in_for(person)}
                if self.is_free(self.step, one) and self.state == "open"
            }  # fmt: skip
            waits = bool(free) and not self.collects
            assert inbox.counts(employee_id=person.id)["waiting"] == int(waits)
            if not self.sees(person):
                assert not inbox.has(employee_id=person.id, notification_id=self.id)
            else:
                item = inbox.item(employee_id=person.id, notification_id=self.id)
                assert item["waiting_for_you"] == waits
                assert bool(item["actions"]) == bool(free)
                names = [one["employee_id"] for one in item["answer_for"]]
                assert sorted(names) == sorted(one.employee_id for one in free)
        assert Seat.objects.filter(notification=self.id).count() == sum(map(len, self.holders))


@pytest.mark.django_db
def test_whatever_happens_to_a_request_there_is_one_truth(
    alice, bob, charlie, dana, caller, approval
):
    Machine.cast, Machine.caller = [alice, bob, charlie, dana], caller
    Employee.objects.filter(id=dana.id).update(manager=charlie)
    Category.objects.create(subsystem=approval.subsystem, key="leave", name="Leave")
    Calendar.objects.create(geo="", week_days=[0, 1, 2, 3, 4, 5, 6])
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
