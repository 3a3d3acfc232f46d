"""A worker that hears no bell looks for itself, and only then."""

from datetime import timedelta

import pytest

from notifications import drain, queues, sweep
from notifications.models import Delivery
from tests.notifications.acting import shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def deaf(monkeypatch):
    monkeypatch.setattr(sweep, "close_old_connections", lambda: None)  # the test's own

    def make(*watched, seconds=3600):
        made = sweep.Sweep(watched)
        made.heard_at -= seconds
        return made

    return make


def test_what_is_due_is_done_although_no_bell_was_heard(accept, alice, phone, provider, deaf):
    phone(alice)
    accept(alice)

    assert deaf(queues.PUSH).look() == 1
    assert sum(shown(provider).values()) == 1
    assert Delivery.objects.get().state == "sent"


def test_a_worker_that_hears_the_bell_does_nothing_by_itself(accept, alice, phone, provider, deaf):
    phone(alice)
    accept(alice)
    worker = deaf(queues.PUSH)
    worker.heard()

    assert worker.look() == 0
    assert not provider.sent


def test_a_worker_looks_only_into_its_own_queues(accept, alice, phone, provider, deaf):
    phone(alice)
    accept(alice)

    assert deaf(queues.CALLBACK).look() == 0
    assert not provider.sent


def test_it_goes_on_looking_after_a_failure(monkeypatch, deaf):
    worker, looked = deaf(queues.PUSH), []

    def look():
        looked.append(1)
        raise RuntimeError("the database is away")

    def sleep(seconds):
        if len(looked) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(worker, "look", look)
    with pytest.raises(KeyboardInterrupt):
        worker.serve(sleep=sleep)
    assert len(looked) == 3


@pytest.mark.parametrize(
    ("limit_seconds", "call_seconds", "drain_seconds"),
    [(48, 20, 15), (24, 14, 7), (16, 14, 1), (4, 3, 1)],
)
def test_the_last_call_of_a_drain_ends_before_its_task_would_be_killed(
    settings, limit_seconds, call_seconds, drain_seconds
):
    settings.CELERY_TASK_TIME_LIMIT = limit_seconds
    settings.FCM_TOTAL_TIMEOUT = timedelta(seconds=call_seconds)
    settings.CALLBACK_TOTAL_TIMEOUT = timedelta(seconds=1)
    assert drain.seconds_at_most() == drain_seconds
