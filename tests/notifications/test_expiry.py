"""The end of time, for every kind and policy: decided by default or expired, on the record."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from hub.lib import clock
from notifications.approvals import refusals
from notifications.models import CallbackEvent, Category, Decision, Errand, Notification
from tests.notifications.acting import answer, work

pytestmark = pytest.mark.django_db

SEQUENCE = {
    "mode": "sequence",
    "steps": [
        {"mode": "any", "audience": {"any": [{"employees": ["E1001"]}]}},
        {"mode": "all", "audience": {"any": [{"employees": ["E1002"]}]}},
    ],
}


@pytest.fixture
def soon(now):
    return now + timedelta(hours=1)


def end(notification):
    """Its time is over."""
    Errand.objects.filter(notification=notification, kind="expire").update(due_at=clock.now())
    work()
    notification.refresh_from_db()


@pytest.mark.parametrize("effect", ["approve", "reject"])
@pytest.mark.parametrize(
    "policy",
    [{"mode": "any"}, {"mode": "all"}, {"mode": "quorum", "n": 2}],
    ids=lambda policy: policy["mode"],
)
def test_a_request_is_decided_by_its_default_under_every_policy(
    accept, alice, bob, provider, soon, policy, effect
):
    request = accept(alice, bob, policy=policy, expires_at=soon, on_expiry=effect)
    work()
    end(request)

    decision = Decision.objects.get()
    assert (request.state, decision.effect, decision.response) == ("decided", effect, None)
    assert CallbackEvent.objects.get().type == "decision.made"
    event = AuditEvent.objects.get(action="decided")
    assert (event.actor_kind, event.actor_id) == ("hub", "expiry")
    with pytest.raises(refusals.AlreadyDecided):
        answer(alice, request)


@pytest.mark.parametrize("on_expiry", ["none", "reject"])
def test_a_sequence_ends_in_whichever_step_it_is(accept, alice, bob, provider, soon, on_expiry):
    request = accept(audience={}, policy=SEQUENCE, expires_at=soon, on_expiry=on_expiry)
    work()
    answer(alice, request)
    end(request)

    assert request.state == ("expired" if on_expiry == "none" else "decided")
    assert not Errand.objects.filter(notification=request, kind="push").exists()
    assert list(Decision.objects.values_list("effect", flat=True)) == (
        [] if on_expiry == "none" else ["reject"]
    )


def test_a_survey_ends_undecided_whatever_its_category_says(accept, alice, provider, soon):
    Category.objects.update(on_expiry="approve")
    request = accept(alice, policy={"mode": "collect"}, expires_at=soon)
    work()
    end(request)

    assert request.state == "expired"
    assert not Decision.objects.exists()
    assert CallbackEvent.objects.get().type == "notification.expired"


def test_the_category_s_default_decides_where_the_request_says_nothing(
    accept, alice, provider, soon
):
    Category.objects.update(on_expiry="approve")
    request = accept(alice, expires_at=soon)
    own = accept(alice, expires_at=soon, on_expiry="none")
    work()
    end(request), end(own)

    assert (request.state, own.state) == ("decided", "expired")
    assert Decision.objects.get().effect == "approve"


def test_who_answers_first_makes_the_end_come_to_nothing(accept, alice, provider, soon):
    request = accept(alice, expires_at=soon, on_expiry="reject")
    work()
    answer(alice, request)
    end(request)

    assert Decision.objects.get().effect == "approve"


def test_a_notice_expires_without_a_word_to_its_sender(accept, alice, provider, soon):
    notice = accept(alice, kind="notice", expires_at=soon)
    work()
    end(notice)

    assert Notification.objects.get(id=notice.id).state == "expired"
    assert not CallbackEvent.objects.exists()
