"""A phone that is looked at hears that changes wait, and hears nothing of anybody else."""

import http.client
import json
import subprocess
import sys
from datetime import timedelta

import pytest
import redis
from django.conf import settings

from accounts import audit, devices, people, sessions
from accounts.models import Device
from hub.lib import clock
from hub.streams import admission, hearing
from notifications import drain, hints, inbox, queues
from notifications.models import Recipient
from tests.hub.streams.listening import PATH, Phone, ask, serving

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = audit.Actor("staff", "1")
CHANGES = "event: changes\ndata: {}\n\n"


@pytest.fixture
def port(tmp_path):
    with serving(tmp_path) as port:
        yield port


@pytest.fixture
def session(now):
    def open_one(person, name="phone"):
        claim = devices.Claim(installation=f"{person.user_name}-{name}", platform="android")
        return sessions.open_session(
            employee_id=person.pk, claim=claim, client_address="127.0.0.1", now=clock.now()
        )

    return open_one


@pytest.fixture
def phone(port, session):
    def make(person, name="phone"):
        made = Phone(port, session(person, name).pair.access)
        for _ in range(2):  # what came before is told at once, and once more with the next beat
            made.until(CHANGES)
        made.beats(1)
        return made

    return make


def test_who_has_something_new_is_told_and_nobody_else(
    alice, bob, charlie, phone, make_request, now
):
    mine, tablet, strange = phone(alice), phone(alice, "tablet"), phone(charlie)
    notice = make_request(readers=(alice, bob), kind="notice")
    inbox.mark(employee_id=alice.id, notification_ids=[notice.id], mark="read", now=now)

    mine.until(CHANGES)
    tablet.until(CHANGES)
    assert CHANGES not in strange.beats(3)


def test_a_broadcast_is_one_message_and_reaches_whoever_has_a_copy(
    alice, bob, charlie, phone, accept, monkeypatch
):
    mine, strange = phone(alice), phone(charlie)
    monkeypatch.setattr(settings, "FAN_OUT_BATCH", 1)
    with (
        redis.Redis.from_url(settings.REDIS_URL) as client,
        client.pubsub(ignore_subscribe_messages=True) as channel,
    ):
        channel.subscribe(hints.CHANNEL)
        sent = accept(kind="notice", audience={"any": [{"department": "Finance"}]})
        drain.drain(queue=queues.BULK)
        mine.until(CHANGES)
        found = [channel.get_message(timeout=0.2) for _ in range(10)]
        messages = [json.loads(one["data"]) for one in found if one is not None]

    assert messages == [{"notifications": [str(sent.id)]}]
    assert Recipient.objects.filter(notification=sent).count() == 3
    assert CHANGES not in strange.beats(3)


def test_a_stream_ends_with_its_session_its_account_and_its_token(
    alice, bob, charlie, dana, phone, port, session, now
):
    logged_out, disabled, refreshed, late = phone(alice), phone(bob), phone(charlie), phone(dana)
    devices.close_all(employee_id=alice.pk, reason="logout", actor=ADMIN, now=clock.now())
    assert logged_out.end() == {"code": "session_revoked", "reason": "logout"}

    people.set_disabled(employee_id=bob.pk, reason="directory", actor=ADMIN, now=clock.now())
    assert disabled.end() == {"code": "account_disabled"}

    Device.objects.filter(employee=charlie).update(access_digest=b"another token".ljust(32))
    assert refreshed.end() == {"code": "token_expired"}

    Device.objects.filter(employee=dana).update(access_expires_at=clock.now() - timedelta(hours=1))
    assert late.end() == {"code": "token_expired"}


def test_a_token_has_one_stream_the_latest(alice, port, session):
    token = session(alice).pair.access
    first = Phone(port, token)
    second = Phone(port, token)

    assert first.end() == {"code": "replaced"}
    second.beats(2)


def test_who_may_not_listen_is_refused_as_at_every_door(alice, bob, port, session):
    late, gone = session(alice), session(bob)
    Device.objects.filter(pk=late.device_id).update(access_expires_at=clock.now())
    devices.close_all(employee_id=bob.pk, reason="logout", actor=ADMIN, now=clock.now())
    for token, method, path, status, code in (
        (None, "GET", PATH, 401, "not_authenticated"),
        ("hub_at_" + "A" * 49, "GET", PATH, 401, "not_authenticated"),
        ("é" * 300, "GET", PATH, 401, "not_authenticated"),
        (late.pair.refresh, "GET", PATH, 401, "not_authenticated"),
        (late.pair.access, "GET", PATH, 401, "token_expired"),
        (gone.pair.access, "GET", PATH, 401, "session_revoked"),
        (late.pair.access, "POST", PATH, 405, "method_not_allowed"),
        (late.pair.access, "GET", "/api/v1/me", 404, "not_found"),
    ):
        answer = http.client.HTTPResponse(ask(port, token, method=method, path=path))
        answer.begin()
        said = json.loads(answer.read())
        assert (answer.status, said["code"]) == (status, code), path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert said["request_id"] == answer.headers["X-Request-ID"]


def test_without_redis_a_stream_says_to_ask_now_and_then(alice, session, tmp_path):
    with serving(tmp_path, redis_url="redis://127.0.0.1:1/0") as port:
        said = Phone(port, session(alice).pair.access).until("event: poll\n")

    assert said


def test_the_hub_publishes_where_the_stream_listens_and_knows_the_same_tokens():
    from accounts import tokens

    assert hints.CHANNEL == hearing.CHANNEL
    assert tokens.ACCESS_PREFIX == admission.PREFIX


def test_the_stream_has_no_orm_in_it():
    code = (
        "import sys, hub.streams.app;"
        "print([m for m in ('django.db.models', 'rest_framework', 'celery') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip().splitlines()[-1] == "[]"
