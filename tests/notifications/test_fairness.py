"""Nobody's flood delays another: claims take turns over sub-systems, and lanes go in their order."""

from datetime import timedelta

import pytest

from hub.lib import clock
from notifications import drain, errands, queues
from notifications.models import Category, Errand, Notification
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db

FEW, TIMES = 50, 20
A_CLAIM = 40


@pytest.fixture
def queued(accept, alice, rosters, now):
    """Writes push errands of payroll (or of rosters), as many as told, due for a while."""
    own = accept(alice)
    theirs = Category.objects.create(subsystem=rosters, key="approval", name="Approval")
    Errand.objects.all().delete()

    def write(count, *, subsystem, kind="request", priority="normal", size=1, age=timedelta(0)):
        category = theirs if subsystem == rosters else own.category
        lane = errands.lane_for(kind=kind, priority=priority)
        Errand.objects.bulk_create(
            Errand(
                kind=Errand.Kind.PUSH, queue=queues.queue_of(Errand.Kind.PUSH, lane), lane=lane,
                subsystem=subsystem, notification=Notification(id=own.id, category=category),
                purpose="show", size=size, employee_from=alice.pk, employee_to=alice.pk,
                due_at=now - age, created_at=now,
            )
            for _ in range(count)
        )  # fmt: skip

    return write


def claim(queue):
    return errands.claim(queue=queue, limit=A_CLAIM, weight=drain.WEIGHT, now=clock.now())


def claims_until(done, *, queue):
    """Claim again and again, as many workers would, until `done` of all that was claimed."""
    claimed = []
    while not done(claimed):
        batch = claim(queue)
        assert batch, "nothing is left to claim, and it is not done"
        claimed += batch
    return claimed


def test_twenty_times_as_much_of_another_that_came_first_does_not_delay_a_few(
    queued, payroll, rosters
):
    queued(FEW * TIMES, subsystem=payroll, age=timedelta(hours=1))
    queued(FEW, subsystem=rosters)

    claimed = claims_until(
        lambda claimed: sum(errand.subsystem_id == rosters.id for errand in claimed) == FEW,
        queue=queues.PUSH,
    )
    # One of the flood for one of the few, and what the last claim held beyond.
    assert len(claimed) <= 2 * FEW + A_CLAIM


def test_twenty_broadcasts_that_came_first_do_not_all_go_before_another_ones(
    queued, payroll, rosters
):
    # Each fills a claim, so whose turn it is is drawn by lot: that the other one waits for all
    # twenty happens once in a million, and here it would have to happen three times.
    longest = []
    for _ in range(3):
        Errand.objects.all().delete()
        queued(20, subsystem=payroll, kind="notice", size=drain.WEIGHT, age=timedelta(hours=1))
        queued(1, subsystem=rosters, kind="notice", size=drain.WEIGHT)
        claimed = claims_until(
            lambda claimed: any(errand.subsystem_id == rosters.id for errand in claimed),
            queue=queues.BULK,
        )
        longest.append(len(claimed))
    assert min(longest) < 21


def test_urgent_goes_before_requests_and_notices_before_bulk_whoever_sends_and_whenever_it_came(
    queued, payroll, rosters
):
    large = {"size": drain.WEIGHT}
    bulk = {"kind": "notice", "priority": "bulk"}
    queued(5, subsystem=payroll, **bulk, **large, age=timedelta(hours=3))
    queued(5, subsystem=rosters, kind="notice", **large, age=timedelta(hours=2))
    queued(5, subsystem=payroll, kind="request", **large, age=timedelta(hours=1))
    queued(5, subsystem=rosters, kind="notice", priority="urgent", **large)

    # A worker on broadcasts looks first for what people wait for, before each of its claims.
    lanes = []
    while batch := claim(queues.PUSH) or claim(queues.BULK):
        lanes += [errand.lane for errand in batch]
    assert lanes == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5


def test_in_one_claim_of_many_small_ones_the_urgent_come_first(queued, payroll, rosters):
    queued(30, subsystem=payroll, age=timedelta(hours=1))
    queued(10, subsystem=rosters, kind="notice", priority="urgent")
    batch = claim(queues.PUSH)
    assert [errand.lane for errand in batch] == [0] * 10 + [1] * 20


def test_a_flood_is_worked_off_to_the_end_all_the_same(queued, payroll, rosters, provider):
    queued(FEW * TIMES, subsystem=payroll)
    queued(FEW, subsystem=rosters)
    work()
    assert not Errand.objects.exists()
