"""When a request is decided, as properties of pure functions, and against a naive oracle."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.approvals import policy
from notifications.approvals.policy import Policy, Rule, Standing, evaluate, standing

EFFECT = st.sampled_from(["approve", "reject", "answer"])
RULE = st.builds(
    Rule, mode=st.sampled_from(["any", "all", "quorum"]), n=st.integers(1, 5), reject_ends=st.booleans()
)  # fmt: skip


@st.composite
def steps(draw, most=3):
    """A sequence, the seats of its steps, and as many answers of each as it happens to have."""
    rules = draw(st.lists(RULE, min_size=1, max_size=most))
    seats = [draw(st.integers(1, 5)) for _ in rules]
    effects = [draw(st.lists(EFFECT, max_size=number)) for number in seats]
    return rules, seats, effects


def possible(rule, seats, effects):
    """By brute force: which outcomes can still come, whatever the others answer."""
    ends = set()
    for rest in itertools.product(["approve", "reject", "answer"], repeat=seats - len(effects)):
        final = [*effects, *rest]
        if "reject" in final and rule.reject_ends:
            ends.add("reject")
        else:
            wanted = {"any": 1, "all": seats, "quorum": rule.n}[rule.mode]
            ends.add("approve" if final.count("approve") >= wanted else "reject")
    return ends


@pytest.mark.parametrize(
    ("rule", "seats", "effects", "outcome"),
    [
        (Rule("any"), 2, [], None),
        (Rule("any"), 2, ["approve"], "approve"),
        (Rule("any"), 2, ["reject"], "reject"),
        (Rule("any"), 2, ["answer"], None),
        (Rule("any"), 1, ["answer"], "reject"),
        (Rule("any", reject_ends=False), 2, ["reject"], None),
        (Rule("any", reject_ends=False), 2, ["reject", "reject"], "reject"),
        (Rule("all"), 2, ["approve"], None),
        (Rule("all"), 2, ["approve", "approve"], "approve"),
        (Rule("all"), 2, ["approve", "answer"], "reject"),
        (Rule("all", reject_ends=False), 2, ["reject"], "reject"),
        (Rule("quorum", 2), 3, ["approve"], None),
        (Rule("quorum", 2), 3, ["approve", "approve"], "approve"),
        (Rule("quorum", 2), 3, ["approve", "answer"], None),
        (Rule("quorum", 2), 3, ["answer", "answer"], "reject"),
        (Rule("quorum", 2, reject_ends=False), 3, ["reject", "reject"], "reject"),
        (Rule("quorum", 4), 3, [], "reject"),
    ],
)
def test_a_rule_decides_as_its_name_says(rule, seats, effects, outcome):
    assert evaluate(rule, seats=seats, effects=effects) == outcome


@given(steps(most=1))
def test_a_step_is_decided_exactly_when_the_oracle_sees_but_one_end(drawn):
    [rule], [seats], [effects] = drawn
    outcome = evaluate(rule, seats=seats, effects=effects)
    ends = possible(rule, seats, effects)

    if outcome == "reject":
        # A rejection that ends it, or approvals that can no longer be reached.
        assert ends == {"reject"}
    elif outcome == "approve":
        # A later rejection would come too late: nobody is asked any more.
        approvals_alone = Rule(rule.mode, rule.n, reject_ends=False)
        assert possible(approvals_alone, seats, effects) == {"approve"}
    else:
        assert len(ends) == 2


@given(drawn=steps(most=1), order=st.randoms(use_true_random=False))
def test_the_order_of_the_answers_means_nothing(drawn, order):
    [rule], [seats], [effects] = drawn
    shuffled = order.sample(effects, len(effects))

    assert evaluate(rule, seats=seats, effects=shuffled) == evaluate(
        rule, seats=seats, effects=effects
    )


@given(steps(most=1))
def test_once_every_seat_has_answered_there_is_an_outcome(drawn):
    [rule], [seats], [effects] = drawn
    if len(effects) == seats:
        assert evaluate(rule, seats=seats, effects=effects) is not None


@given(steps(most=1))
def test_an_outcome_once_reached_is_the_one_that_further_approvals_do_not_change(drawn):
    [rule], [seats], [effects] = drawn
    outcome = evaluate(rule, seats=seats, effects=effects)
    if outcome is not None:
        more = [*effects, *["approve"] * (seats - len(effects))]
        assert evaluate(rule, seats=seats, effects=more) == outcome


@given(steps(most=1))
def test_one_approval_instead_of_another_answer_never_makes_it_worse(drawn):
    [rule], [seats], [effects] = drawn
    rank = {"reject": 0, None: 1, "approve": 2}
    before = evaluate(rule, seats=seats, effects=effects)
    for place in range(len(effects)):
        better = [*effects[:place], "approve", *effects[place + 1 :]]
        assert rank[evaluate(rule, seats=seats, effects=better)] >= rank[before]


@given(steps())
def test_a_sequence_stands_where_the_oracle_walks_to(drawn):
    rules, seats, effects = drawn
    answers = [(step, effect) for step, given in enumerate(effects) for effect in given]
    found = standing(Policy(tuple(rules)), seats=seats, answers=answers)

    for step, rule in enumerate(rules):
        outcome = evaluate(rule, seats=seats[step], effects=effects[step])
        if outcome == "reject" or outcome is None:
            assert found == Standing(step, outcome)
            return
    assert found == Standing(len(rules) - 1, "approve")


@given(steps())
def test_an_answer_to_the_step_that_is_asked_never_takes_a_sequence_back(drawn):
    rules, seats, effects = drawn
    sequence, answers = Policy(tuple(rules)), []
    before = standing(sequence, seats=seats, answers=answers)
    for step in range(len(rules)):
        for effect in effects[step]:
            if before.outcome is not None or before.step != step:
                break
            answers.append((step, effect))
            after = standing(sequence, seats=seats, answers=answers)
            assert after.step in {before.step, before.step + 1}
            assert after.step == before.step or effect == "approve"
            before = after


@given(steps())
def test_what_collects_answers_decides_nothing(drawn):
    _, seats, effects = drawn
    answers = [(0, effect) for effect in effects[0]]
    assert standing(Policy(decides=False), seats=seats[:1], answers=answers) == Standing(0, None)


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ({"mode": "any", "n": 1, "reject_ends": True}, Policy()),
        ({"mode": "collect"}, Policy(decides=False)),
        (
            {"mode": "sequence", "steps": [
                {"mode": "all", "n": 1, "reject_ends": True},
                {"mode": "quorum", "n": 2, "reject_ends": False},
            ]},
            Policy((Rule("all"), Rule("quorum", 2, reject_ends=False))),
        ),
    ],
)  # fmt: skip
def test_a_policy_is_read_as_it_is_kept(stored, meant):
    assert policy.read(stored) == meant
