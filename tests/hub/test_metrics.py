"""The metrics: what is counted, who may read it, and that nothing personal is in it."""

import subprocess
import sys
from datetime import timedelta

import pytest
import trustme
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts import spraying
from accounts.models import ApiKey, Synchronisation
from hub import alarms, metrics
from hub.lib import clock, environment, ids
from notifications import figures
from notifications.models import Errand

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    monkeypatch.setattr(metrics, "REUSE_SECONDS", -1.0)


@pytest.fixture
def make_errand(payroll, now):
    """An errand of a push; its notification is of no interest here."""

    def make(*, due_at):
        return Errand.objects.create(
            kind="push", queue="push", lane=1, subsystem=payroll, notification_id=ids.uuid7(),
            size=1, due_at=due_at, created_at=now,
        )  # fmt: skip

    return make


def read(client, **headers):
    """Every sample by its name and labels."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_a_request_is_counted_by_its_route_and_never_by_its_path(client: Client):
    client.get("/api/v1/me/inbox/0197c0de-0000-7000-8000-000000000000")
    client.generic("GOSSIP", "/api/v1/me/inbox")
    found = read(client)
    labels = [("method", "GET"), ("route", "api/v1/me/inbox/<uuid:notification_id>")]
    assert found["hub_request_seconds_count", *labels, ("status", "401")] >= 1
    assert not any("0197c0de" in str(key) or "GOSSIP" in str(key) for key in found)


def test_with_a_token_set_strangers_find_no_such_page(client: Client, settings):
    settings.METRICS_TOKEN = "known to the scraper"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer other"}).status_code == 404
    assert read(client, authorization="Bearer known to the scraper")


def test_in_production_nobody_reads_them_without_a_token(client: Client, settings):
    settings.HUB_MODE = "production"
    assert client.get("/metrics").status_code == 404


def test_what_waits_is_told_by_queue_kind_and_state_with_its_age(client, make_errand):
    make_errand(due_at=clock.now() - timedelta(minutes=5))
    make_errand(due_at=clock.now() + timedelta(minutes=5))
    found = read(client)
    of = [("kind", "push"), ("queue", "push")]
    assert found["hub_errands", *of, ("state", "due")] == 1
    assert found["hub_errands", *of, ("state", "waiting")] == 1
    assert 299 < found["hub_errand_oldest_seconds", *of, ("state", "due")] < 400


def test_the_lag_of_the_directory_is_told_once_it_was_read(client):
    assert ("hub_directory_lag_seconds",) not in read(client)
    known_at = clock.now() - timedelta(minutes=2)
    Synchronisation.objects.create(name="directory", known_at=known_at, result="changes")
    assert 119 < read(client)["hub_directory_lag_seconds",] < 180


def test_the_age_of_the_feed_and_alarms_at_the_sign_in_are_told(client, settings):
    found = read(client)
    assert ("hub_feed_age_seconds",) not in found
    assert found["hub_sign_in_alarms",] == 0
    settings.EMPLOYEE_FEED = "/feed/people.csv"
    known_at = clock.now() - timedelta(hours=1)
    Synchronisation.objects.create(name="feed", known_at=known_at, result="complete")
    spraying.alarm(client_address="203.0.113.9", source=b"s" * 32, now=clock.now())
    found = read(client)
    assert 3599 < found["hub_feed_age_seconds",] < 3700
    assert found["hub_sign_in_alarms",] == 1


def test_what_the_database_does_not_tell_is_said_and_the_rest_is_there(client, monkeypatch):
    def busy():
        raise DatabaseError("too busy to count")

    monkeypatch.setattr(figures, "current", busy)
    found = read(client)
    assert found["hub_figures_known", ("of", "work")] == 0
    assert found["hub_figures_known", ("of", "directory")] == 1


def test_a_key_is_told_of_before_it_ends_unless_a_longer_one_is_there(payroll, now):
    def issue(days):
        ApiKey.objects.create(
            subsystem=payroll, mode="live", digest=bytes([days]) * 32, hint="hub_sk_", created_at=now,
            expires_at=None if days == 0 else now + timedelta(days=days),
        )  # fmt: skip

    issue(10)
    assert [(one.of, one.name, one.left.days) for one in alarms.expiring()] in (
        [("api_key", "payroll", 9)], [("api_key", "payroll", 10)],
    )  # fmt: skip
    issue(20)
    assert [one.left.days for one in alarms.expiring()] in ([19], [20])
    issue(0)
    assert alarms.expiring() == []


def test_an_authority_is_told_of_with_the_first_end_in_its_file(settings, tmp_path):
    settings.LDAP_CA_FILE = str(tmp_path / "authority.pem")
    assert alarms.expiring() == []
    (tmp_path / "authority.pem").write_bytes(trustme.CA().cert_pem.bytes())
    [found] = alarms.expiring()
    assert (found.of, found.name) == ("certificate", "LDAP_CA_FILE")
    assert found.left > timedelta(days=365)


def test_processes_that_share_a_directory_are_told_as_one(tmp_path):
    script = (
        "from hub.lib import metrics; from prometheus_client import generate_latest\n"
        "metrics.pushes.labels('sent').inc(5)\n"
        "print(generate_latest(metrics.registry()).decode())"
    )
    for expected in (5.0, 10.0):
        told = subprocess.run(
            [sys.executable, "-c", script], env={"HUB_METRICS_DIR": str(tmp_path / "shared")},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert f'hub_pushes_total{{state="sent"}} {expected}' in told


@pytest.mark.parametrize("value", ["9100", "host:", ":9100", "host:0", "host:70000", "host:x"])
def test_an_address_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("METRICS_ADDRESS", value)
    with pytest.raises(environment.BadSetting, match="METRICS_ADDRESS"):
        environment.address("METRICS_ADDRESS")
