"""Two acts on one request at the same moment, from two processes: one truth, told to both.

How often which side was first is printed (`pytest -s`): that both are is what makes it a race.
"""

import os
import uuid
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from hub.lib import clock
from notifications import ingest
from notifications.models import CallbackEvent, Decision, Errand, Notification, Response
from tests.notifications import racing

pytestmark = pytest.mark.django_db(transaction=True)

MANY, FEW = 1000, 200
CARD = {"title": "T", "summary": "", "body": "", "facts": [], "links": [], "actions": [
    {"verb": verb, "label": verb, "effect": verb, "comment": "optional"} for verb in ("approve", "reject")
]}  # fmt: skip


@pytest.fixture
def requests(alice, bob, caller, approval):
    """So many open requests to alice and bob, accepted by the hub."""

    def make(count):
        now = clock.now()
        draft = ingest.Draft(
            category="approval", kind="request", card=CARD, on_expiry="reject",
            audience={"any": [{"employees": [alice.employee_id, bob.employee_id]}]},
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
        made = []
        for start in range(0, count, 500):
            batch = [draft] * min(500, count - start)
            made += [one.id for one in ingest.accept_all(batch, caller=caller, now=now)]
        Errand.objects.filter(kind="expire").update(lease_token=uuid.uuid4())
        return made

    return make


@pytest.fixture
def contest(capsys):
    """Let two acts loose on each request; how each pair ended, and the state of its request."""

    def act(made, ours, theirs):
        url = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
        ends = racing.contest(
            [(name, one, said) for one, (name, said) in zip(made, ours, strict=True)],
            [(name, one, said) for one, (name, said) in zip(made, theirs, strict=True)],
            database=database,
        )
        with capsys.disabled():
            print(f"\n{len(made)} times {ours[0][0]} against {theirs[0][0]}: ", end="")
            print(", ".join(f"{' and '.join(end)} {n}" for end, n in sorted(Counter(ends).items())))
        states = dict(Notification.objects.filter(id__in=made).values_list("id", "state"))
        return [(end, states[one]) for end, one in zip(ends, made, strict=True)]

    return act


def told():
    """The decisions, and the callbacks of them: by notification, each once."""
    decided = {one.notification_id: (one.verb, one.effect) for one in Decision.objects.all()}
    events = CallbackEvent.objects.filter(type="decision.made")
    callbacks = Counter(event.notification_id for event in events)
    assert set(callbacks.values()) <= {1}
    return decided, {
        event.notification_id: (event.body["data"]["verb"], event.body["data"]["effect"])
        for event in events
    }


def answers(person, verb, count):
    return [("answer", {"employee_id": person.id, "verb": verb})] * count


def test_of_two_answers_at_once_one_decides_and_the_other_is_told(requests, contest, alice, bob):
    made = requests(MANY)
    others = [bob if place % 2 else alice for place in range(MANY)]  # or alice's other phone
    rejections = [("answer", {"employee_id": one.id, "verb": "reject"}) for one in others]
    ended = contest(made, answers(alice, "approve", MANY), rejections)

    wanted = {("taken", "already_decided"): "approve", ("already_decided", "taken"): "reject"}
    decided, callbacks = told()
    assert len(decided) == Response.objects.count() == MANY
    assert callbacks == decided
    for one, (end, state) in zip(made, ended, strict=True):
        assert state == "decided"
        assert decided[one] == (wanted[end], wanted[end])
    assert len({end for end, _ in ended}) == 2, "one side was always first: this was no race"


@pytest.mark.parametrize(
    ("count", "act", "said", "lost"),
    [
        (MANY, "withdraw", {"reason": "A mistake."}, ("withdrawn", "withdrawn")),
        (FEW, "settle", {"settlement": {"outcome": "paid", "by": "", "note": ""}}, ("settled", "settled")),
        (FEW, "edit", {}, ("version_changed", "open")),
    ],
)  # fmt: skip
def test_of_an_answer_and_the_sender_at_once_one_is_first_and_the_other_is_told(
    requests, contest, alice, caller, count, act, said, lost
):
    made = requests(count)
    senders = [(act, {"caller": caller, **said})] * count
    ended = contest(made, answers(alice, "approve", count), senders)

    refusal, state = lost
    assert set(ended) <= {
        (("taken", "already_closed"), "decided"),
        ((refusal, "taken"), state),
    }
    taken = {one for one, (end, _) in zip(made, ended, strict=True) if end[0] == "taken"}
    decided, callbacks = told()
    assert decided.keys() == taken
    assert callbacks == decided
    assert Response.objects.count() == len(taken)
    ends = Counter(CallbackEvent.objects.values_list("notification_id", flat=True))
    assert all(ends[one] == (0 if state == "open" and one not in taken else 1) for one in made)


def test_of_an_answer_and_the_end_of_its_time_at_once_one_decides(requests, contest, alice):
    made = requests(FEW)
    ended = contest(made, answers(alice, "approve", FEW), [("expire", {})] * FEW)

    decided, callbacks = told()
    assert len(decided) == FEW
    assert callbacks == decided
    for one, ((end, _), state) in zip(made, ended, strict=True):
        assert state == "decided"
        assert (end, decided[one][1]) in {("taken", "approve"), ("already_decided", "reject")}
    assert not Errand.objects.filter(kind="expire", notification__state="open").exists()
