"""The code for a new push address goes out as any push does, and nothing but the code."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts import activation, devices
from accounts.audit import HUB
from accounts.models import Activation, Device
from hub.lib import clock
from notifications import drain, errands, queues, switches
from notifications.push.gateway import Fate, Outcome
from tests.accounts.test_sessions import echo, sign_in
from tests.notifications.acting import shown, work

pytestmark = pytest.mark.django_db


def codes(provider):
    """What was pushed to whom: (address, code)."""
    return [
        (push.address.value, push.wording.data["id"])
        for push in provider.sent
        if push.wording.data["type"] == "activate"
    ]


@pytest.fixture
def newcomer(alice):
    """A phone that has just named its address."""
    return sign_in(alice, clock.now(), echoes=False, push_address="new", platform="ios")


def test_a_new_phone_gets_its_code_then_content_and_never_the_other_way_round(
    accept, alice, provider, newcomer
):
    accept(alice)
    work()
    [(address, said)] = codes(provider)
    assert address == "new"
    [push] = provider.sent
    assert push.wording.data == {"v": "1", "type": "activate", "id": said}
    assert push.wording.alert is None
    echo(newcomer, clock.now(), said=said)
    accept(alice)
    work()
    assert shown(provider) == {"new": 1}
    assert len(codes(provider)) == 1


def test_a_ring_follows_the_commit_that_makes_a_code_due(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr(queues.bell, "ring", rung.append)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        sign_in(alice, clock.now(), echoes=False, push_address="new")
    assert rung == [queues.PUSH]
    assert errands.due_queues(now=clock.now()) == [queues.PUSH]


def test_what_the_provider_puts_off_is_tried_again_with_the_same_code(provider, newcomer):
    wait = timedelta(minutes=3)
    provider.says = {"new": Outcome(Fate.LATER, "unavailable", retry_after=wait)}
    work()
    asked = Activation.objects.get()
    assert (asked.last_error, asked.lease_token) == ("unavailable", None)
    assert asked.due_at > clock.now() + wait - timedelta(minutes=1)
    provider.says = {}
    Activation.objects.update(due_at=clock.now())
    work()
    assert len(set(codes(provider))) == 1
    assert Activation.objects.get().sent_at is not None


def test_an_address_that_is_dead_from_the_start_is_told_in_the_list_of_devices(provider, newcomer):
    provider.says = {"new": Outcome(Fate.GONE, "unregistered")}
    work()
    assert not Activation.objects.exists()
    assert Device.objects.get().push_lost_reason == "unregistered"


def test_an_address_registered_again_while_it_was_said_to_be_dead_gets_another_code(
    provider, newcomer
):
    def renew(pushes):
        activation.register(
            device_id=newcomer.device_id, address="new", kind="token", actor=HUB, now=clock.now()
        )
        return [Outcome(Fate.GONE, "unregistered") for _ in pushes]

    provider.send = renew
    drain.activate._push(drain.activate._claim(now=clock.now()), now=clock.now())
    assert Activation.objects.get().sent_at is None
    assert Device.objects.get().push_lost_reason == ""


def test_no_code_goes_out_while_pushes_are_paused_or_the_session_is_over(provider, newcomer, alice):
    switches.pause_pushes(actor=HUB, now=clock.now())
    drain.drain(queue=queues.PUSH)
    assert codes(provider) == []
    devices.close_all(employee_id=alice.pk, reason="revoked", actor=HUB, now=clock.now())
    switches.resume_pushes(actor=HUB, now=clock.now())
    work()
    assert codes(provider) == []


def test_a_project_that_has_to_wait_holds_its_own_codes_only(provider, newcomer, bob, settings):
    sign_in(bob, clock.now(), installation="b", echoes=False, push_address="his", push_project="us")
    provider.waits = {"us": timedelta(minutes=1)}
    work()
    assert [address for address, _ in codes(provider)] == ["new"]
    assert Activation.objects.get(project="us").last_error == "rate"


def test_a_code_is_not_claimed_twice(provider, newcomer):
    now = clock.now()
    assert len(drain.activate._claim(now=now)) == 1
    assert drain.activate._claim(now=now) == []
    later = now + timedelta(hours=1)  # its worker was killed
    assert len(drain.activate._claim(now=later)) == 1


def test_a_lost_phone_is_signed_out_from_another_one_and_gets_nothing_any_more(
    accept, alice, provider, client
):
    now = clock.now()
    lost = sign_in(alice, now, installation="lost", push_address="lost")
    other = sign_in(alice, now, installation="other", push_address="other")
    accept(alice)
    headers = {"Authorization": f"Bearer {other.pair.access}"}
    path = f"/api/v1/me/devices/{lost.device_id}"
    assert client.delete(path, headers=headers).status_code == 204
    work()
    accept(alice)
    work()
    assert shown(provider) == {"other": 2}
    told = client.get(path, headers=headers).json()
    assert (told["closed_reason"], told["wipe_told_at"], told["push"]) == ("revoked", None, "never")
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {lost.pair.access}"})
    assert answer.status_code == 401
    assert answer.json().items() >= {"code": "session_revoked", "wipe": True}.items()
    assert client.get(path, headers=headers).json()["wipe_told_at"] is not None
