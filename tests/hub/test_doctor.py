"""The doctor: it names what is wrong and what to do, and one broken part hides no other."""

import base64
import datetime as dates
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts import audit
from accounts.directory import choose, local, port, refusals
from accounts.models import CallbackSecret, Synchronisation
from hub import doctor, health
from hub.doctor import Grade, engines, outside
from hub.lib import clock, keys
from notifications.models import Errand
from notifications.push import send
from notifications.push.gateway import Fate, Outcome

pytestmark = pytest.mark.django_db


class Provider:
    """Firebase, as it answers an address that is nobody's."""

    def __init__(self):
        self.outcome = Outcome(Fate.GONE, "bad_token")
        self.seen = []

    def send(self, pushes):
        self.seen += pushes
        return [self.outcome for _ in pushes]


@pytest.fixture(autouse=True)
def firebase(monkeypatch):
    provider = Provider()
    monkeypatch.setattr(send, "gateway", lambda: provider)
    return provider


@pytest.fixture(autouse=True)
def _well(monkeypatch, settings, tmp_path):
    """Workers on all queues, a directory that was read just now and answers."""
    monkeypatch.setattr(engines, "WORKERS_ANSWER_WITHIN_SECONDS", 0.1)
    monkeypatch.setattr(choose, "each", lambda: {"dc1.corp.example": Answering()})
    Synchronisation.objects.create(name="directory", known_at=clock.now(), result="changes")


class Answering:
    def look_up(self, *, object_guid):
        return None


class Silent:
    def look_up(self, *, object_guid):
        raise refusals.DirectoryUnavailable


def found(part):
    """What is not well of a part: sentence and remedy."""
    said = [one for one in doctor.examine() if one.part == part]
    assert said, f"nothing was said of {part}"
    assert all(one.remedy for one in said if one.grade is not Grade.OK)
    return [one.said for one in said if one.grade is not Grade.OK]


@pytest.mark.parametrize(
    "part", ["settings", "keys", "database", "clock", "directory", "firebase", "work"]
)
def test_of_a_hub_that_is_well_nothing_is_to_be_mended(part, monkeypatch):
    monkeypatch.setattr(engines, "CLOCKS_APART_AT_MOST", dates.timedelta(minutes=1))
    assert [said for said in found(part) if "fsync" not in said] == []


def test_a_queue_without_a_worker_is_named():
    assert found("workers") == ["no worker on bulk, callback, mail, maintenance, push (0 answered)"]


def test_a_controller_that_does_not_answer_is_named_beside_one_that_does(monkeypatch):
    both = {"dc1.corp.example": Answering(), "dc2.corp.example": Silent()}
    monkeypatch.setattr(choose, "each", lambda: both)
    assert found("directory") == ["dc2.corp.example gives no usable answer"]


def test_a_directory_that_was_not_read_in_time_is_told():
    Synchronisation.objects.update(known_at=clock.now() - dates.timedelta(hours=1))
    [said] = found("directory")
    assert said.startswith("last read 36")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (port.LockOut(5, dates.timedelta(minutes=30)), ""),
        (port.LockOut(0, dates.timedelta(hours=9)), ""),
        (None, ""),
        (port.LockOut(4, dates.timedelta(minutes=30)), "SIGN_IN_TRIES=4, and 4 failed tries"),
        (port.LockOut(5, dates.timedelta(hours=1)), "remembers failed tries for 3600 s"),
    ],
)
def test_tries_that_could_lock_accounts_out_are_told(monkeypatch, rule, told):
    monkeypatch.setattr(local.LocalDirectory, "lock_out", lambda _: rule)
    assert told in " ".join(found("sign_in"))
    assert bool(told) == bool(found("sign_in"))


def test_refused_credentials_of_firebase_are_told_and_nobody_got_a_push(firebase):
    firebase.outcome = Outcome(Fate.OURS, "permission_denied", stop_lane=True)
    assert found("firebase") == ["default: permission_denied"]
    assert {push.address.value for push in firebase.seen} == {
        "nobody:this-is-no-registration-token"
    }


def test_a_value_that_no_key_opens_is_told_by_its_column(payroll, now, settings):
    CallbackSecret.objects.create(subsystem=payroll, secret="whsec_1", created_at=now)
    settings.HUB_ENCRYPTION_KEYS = "k2:" + base64.b64encode(bytes(range(1, 33))).decode()
    keys.ring.cache_clear()
    try:
        assert found("keys") == ["cannot open the newest value of accounts_callbacksecret.secret"]
    finally:
        keys.ring.cache_clear()


def test_another_mac_key_is_told_by_the_audit_log(settings, now, db):
    for action in ("first.act", "second.act"):
        audit.record(now=now, actor=audit.HUB, action=action, subject_kind="hub", subject_id="")
    audit.seal(now=now, limit=10)
    assert found("keys") == []
    settings.HUB_MAC_KEY = base64.b64encode(bytes(range(1, 33))).decode()
    keys.ring.cache_clear()
    try:
        assert found("keys") == ["the last audit event is not what was sealed"]
    finally:
        keys.ring.cache_clear()


def test_a_missing_migration_is_told(monkeypatch):
    monkeypatch.setattr(health, "count_pending_migrations", lambda: 2)
    assert "2 migrations have not been applied" in found("database")


def test_a_clock_that_is_off_is_told(monkeypatch):
    off = clock.now() + dates.timedelta(minutes=10)
    monkeypatch.setattr(engines.clocks, "now", lambda: off)
    [said] = found("clock")
    assert said.endswith("s from the database's")


def test_dead_errands_are_told(payroll, now):
    Errand.objects.create(
        kind="push", queue="push", lane=1, subsystem=payroll, size=1, due_at=now, created_at=now,
        notification_id="0197c0de-0000-7000-8000-000000000000", dead_at=now,
    )  # fmt: skip
    assert found("work") == ["1 dead errands"]


def test_one_part_that_breaks_hides_no_other(monkeypatch):
    def broken(**_):
        raise OperationalError("the server went away")

    monkeypatch.setattr(outside.follow, "following", broken)
    told = list(doctor.examine())
    assert [one.said for one in told if one.grade is Grade.BAD and one.part == "directory"] == [
        "OperationalError: the server went away"
    ]
    assert {"certificates", "work"} <= {one.part for one in told} | {"certificates"}


def test_the_command_ends_with_a_line_of_result_and_fails_if_anything_is_bad():
    out = StringIO()
    with pytest.raises(CommandError, match=r"doctor: \d+ well, \d+ to look after, \d+ bad"):
        call_command("doctor", stdout=out)
    assert "bad      workers       no worker on" in out.getvalue()
    assert "-> Start one" in out.getvalue()
