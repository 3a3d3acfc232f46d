"""All pushes off: nothing leaves, nothing else stops, nothing is lost."""

import io
from collections import Counter

import pytest
from django.core.management import call_command

from accounts import audit
from accounts.models import AuditEvent
from hub.lib import clock
from notifications import drain, errands, inbox, queues, switches
from notifications.models import Decision, Errand
from tests.notifications.acting import answer, cleared, shown, work

pytestmark = pytest.mark.django_db

STAFF = audit.Actor("staff", "1")


def settle():
    """Whatever can be done while pushes are off."""
    for queue in queues.ALL:
        drain.drain(queue=queue)


def run(command):
    said = io.StringIO()
    call_command(command, stdout=said)
    return said.getvalue().strip()


def test_while_pushes_are_off_requests_are_accepted_shown_and_decided_and_no_push_leaves(
    accept, alice, bob, phone, provider, settings
):
    settings.SEATS_AT_MOST = 1  # so that the notice below takes a fan-out
    phones = [phone(alice), phone(bob)]
    switches.pause_pushes(actor=STAFF, now=clock.now())
    request = accept(alice)
    notice = accept(alice, bob, kind="notice")
    settle()
    answer(alice, request)
    settle()

    assert provider.sent == []
    assert Decision.objects.count() == 1
    assert len(inbox.page(employee_id=alice.id).entries) == 2
    switches.resume_pushes(actor=STAFF, now=clock.now())
    Errand.objects.update(due_at=clock.now())
    work()
    # What was decided meanwhile is not shown any more, what is open is.
    assert shown(provider) == Counter(device.push_address for device in phones)
    assert {p.wording.data["id"] for p in provider.sent} == {str(notice.id)}
    assert cleared(provider) == Counter()
    assert not Errand.objects.exists()


def test_a_push_errand_is_claimed_by_nobody_while_pushes_are_off_and_others_are(
    accept, alice, provider, now
):
    notice = accept(alice, kind="notice")
    errands.add(kind=Errand.Kind.FAN_OUT, notification=notice, due_at=now, now=now)
    switches.pause_pushes(actor=STAFF, now=now)
    claimed = errands.claim(queue=queues.BULK, limit=10, weight=10**9, now=clock.now())
    assert [errand.kind for errand in claimed] == ["fan_out"]

    switches.resume_pushes(actor=STAFF, now=now)
    [errand] = errands.claim(queue=queues.BULK, limit=10, weight=10**9, now=clock.now())
    assert (errand.kind, errand.attempts) == ("push", 1)


def test_the_commands_say_what_is_and_are_on_the_record_once(accept, alice, provider):
    accept(alice)
    first = run("pause_pushes")
    assert first.startswith("pushes: paused since ")
    assert first.endswith(" UTC, 1 batches wait")
    assert run("pause_pushes") == first
    assert run("resume_pushes") == "pushes: resumed, 1 batches wait"
    assert run("resume_pushes") == "pushes: were not paused, 1 batches wait"

    acts = AuditEvent.objects.filter(subject_kind="switch").order_by("id")
    assert list(acts.values_list("action", "actor_kind")) == [
        ("pushes_paused", "hub"),
        ("pushes_resumed", "hub"),
    ]
