"""When a request is decided, as properties of a pure function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.approvals.policy import Policy, evaluate

EFFECTS = st.sampled_from(["approve", "reject"])
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(["any", "all", "quorum"]),
    n=st.integers(1, 6),
    reject_ends=st.booleans(),
)


@pytest.mark.parametrize(
    ("policy", "seats", "effects", "outcome"),
    [
        (Policy("any"), 2, [], None),
        (Policy("any"), 2, ["approve"], "approve"),
        (Policy("any"), 2, ["reject"], "reject"),
        (Policy("any", reject_ends=False), 2, ["reject"], None),
        (Policy("any", reject_ends=False), 2, ["reject", "reject"], "reject"),
        (Policy("all"), 2, ["approve"], None),
        (Policy("all"), 2, ["approve", "approve"], "approve"),
        (Policy("all", reject_ends=False), 2, ["reject"], "reject"),
        (Policy("quorum", 2), 3, ["approve"], None),
        (Policy("quorum", 2), 3, ["approve", "approve"], "approve"),
        (Policy("quorum", 2, reject_ends=False), 3, ["reject", "reject"], "reject"),
    ],
)
def test_a_policy_decides_as_its_name_says(policy, seats, effects, outcome):
    assert evaluate(policy, seats=seats, effects=effects) == outcome


@given(policy=POLICIES, effects=st.lists(EFFECTS, max_size=6))
def test_once_every_seat_has_answered_there_is_an_outcome(policy, effects):
    if effects:
        assert evaluate(policy, seats=len(effects), effects=effects) is not None


@given(
    policy=POLICIES, seats=st.integers(1, 6), effects=st.lists(EFFECTS, max_size=6), later=EFFECTS
)
def test_an_outcome_is_not_changed_by_a_later_answer_of_the_same_kind(
    policy, seats, effects, later
):
    effects = effects[:seats]
    outcome = evaluate(policy, seats=seats, effects=effects)
    if outcome is not None and len(effects) < seats and later == outcome:
        assert evaluate(policy, seats=seats, effects=[*effects, later]) == outcome


@given(policy=POLICIES, seats=st.integers(1, 6), effects=st.lists(EFFECTS, max_size=6))
def test_nothing_is_approved_with_fewer_approvals_than_needed(policy, seats, effects):
    effects = effects[:seats]
    if evaluate(policy, seats=seats, effects=effects) == "approve":
        assert effects.count("approve") >= policy.needed(seats=seats)
