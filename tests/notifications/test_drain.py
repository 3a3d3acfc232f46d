"""A worker reads the next batch while it waits for the provider: nobody is overtaken or forgotten.

The provider's answers come from a thread of their own here, as in a large batch.
"""

import threading
import types

import pytest

from hub.lib import clock
from notifications import drain, errands, queues, withdrawal
from notifications.models import Delivery, Errand
from notifications.push import send
from tests.notifications.acting import shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def ahead(provider, monkeypatch):
    """Batches of one push, each answered only when the next was read; `ahead.then` comes after."""

    class Ahead:
        then = staticmethod(lambda: None)
        read = threading.Event()
        batches: list[object] = []

    reading, sending = drain.read_ahead, provider.send

    def read_ahead(queue):
        found = reading(queue)
        Ahead.batches += found
        Ahead.then()
        Ahead.read.set()
        return found

    def answer(pushes):
        assert Ahead.read.wait(10)
        return sending(pushes)

    monkeypatch.setattr(send, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(drain, "ERRANDS_AT_MOST", 1)
    monkeypatch.setattr(drain, "read_ahead", read_ahead)
    monkeypatch.setattr(provider, "send", answer)
    Ahead.read.clear()
    Ahead.batches.clear()
    return Ahead


@pytest.fixture
def notices(accept, alice, bob, phone):
    """A notice to alice, and a later one to bob."""
    for person in (alice, bob):
        phone(person)
    return [accept(person, kind="notice", reference=person.user_name) for person in (alice, bob)]


def told(provider):
    """The notifications in the order in which they were pushed."""
    return [push.wording.data["id"] for push in provider.sent]


def test_the_next_batch_is_read_while_the_provider_is_waited_for(ahead, notices, provider):
    drain.drain(queue=queues.BULK)

    assert [len(batch.prepared.found) for batch in ahead.batches] == [1]
    assert told(provider) == [str(notice.id) for notice in notices]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert not Errand.objects.exists()


def test_what_people_wait_for_goes_before_what_was_read_ahead(
    ahead, notices, provider, accept, alice
):
    urgent = []
    ahead.then = lambda: (
        urgent or urgent.append(accept(alice, kind="notice", priority="urgent", reference="fire"))
    )
    drain.drain(queue=queues.BULK)

    first, second = notices
    assert told(provider) == [str(one.id) for one in (first, urgent[0], second)]


def test_what_was_read_ahead_and_waited_too_long_is_read_again(
    ahead, notices, provider, monkeypatch, caller
):
    def withdraw():
        if not ahead.read.is_set():
            withdrawal.by_subsystem(
                caller=caller, notification_id=notices[1].id, reason="wrong", now=clock.now()
            )

    ahead.then = withdraw
    monkeypatch.setattr(drain, "FRESH_SECONDS", 0.0)
    drain.drain(queue=queues.BULK)

    assert told(provider) == [str(notices[0].id)]


def test_a_worker_that_has_to_end_gives_back_what_it_read_ahead(
    ahead, notices, provider, monkeypatch
):
    moments = iter([0.0, 0.0, 0.0, 0.0])
    clockwork = types.SimpleNamespace(monotonic=lambda: next(moments, 100.0))
    monkeypatch.setattr(drain, "time", clockwork)
    drain.drain(queue=queues.BULK)

    assert told(provider) == [str(notices[0].id)]
    waiting = Errand.objects.get()
    assert (waiting.lease_token, waiting.attempts) == (None, 0)
    assert len(errands.claim(queue=queues.BULK, limit=1, now=clock.now())) == 1


def test_trouble_while_reading_ahead_costs_the_present_batch_nothing(
    ahead, notices, provider, monkeypatch
):
    prepare = send.prepare
    calls = []

    def failing(batch, now):
        calls.append(batch)
        if len(calls) == 2:
            raise RuntimeError("the next one is odd")
        return prepare(batch, now)

    monkeypatch.setattr(send, "prepare", failing)
    drain.drain(queue=queues.BULK)

    assert set(shown(provider).values()) == {1}
    assert Delivery.objects.filter(state="sent").count() == 2


def test_what_people_wait_for_overtakes_a_broadcast_that_is_under_way(
    accept, alice, bob, phone, provider, monkeypatch
):
    phone(alice)
    phone(bob)
    broadcast = accept(alice, bob, kind="notice")
    urgent = []
    arrived = threading.Event()
    overtake, sending = drain.overtake, provider.send

    def overtaken():
        if not urgent:
            urgent.append(accept(alice, kind="notice", priority="urgent", reference="fire"))
        overtake()

    def answer(pushes):
        if len(pushes) == 2:
            assert arrived.wait(10)
        said = sending(pushes)
        arrived.set()
        return said

    monkeypatch.setattr(send, "WORTH_A_THREAD", 2)
    monkeypatch.setattr(drain, "overtake", overtaken)
    monkeypatch.setattr(provider, "send", answer)
    drain.drain(queue=queues.BULK)

    assert told(provider) == [str(urgent[0].id), str(broadcast.id), str(broadcast.id)]


def test_an_errand_of_a_kind_this_code_does_not_know_is_left_to_newer_workers(notices, provider):
    Errand.objects.filter(notification=notices[0]).update(kind="to_come", attempts=3)

    drain.drain(queue=queues.BULK)

    assert told(provider) == [str(notices[1].id)], "the others are done as ever"
    left = Errand.objects.get()
    assert (left.kind, left.last_error, left.dead_at) == ("to_come", "unknown_kind", None)
    assert (left.lease_token, left.attempts) == (None, 3), "given back, and not tried"
    assert left.due_at > clock.now()


def test_an_errand_that_nobody_knows_is_never_buried(notices, provider):
    Errand.objects.update(kind="to_come", attempts=errands.CLAIMS_AT_MOST + 1)

    drain.drain(queue=queues.BULK)

    assert set(Errand.objects.values_list("dead_at", flat=True)) == {None}
    assert provider.sent == []
