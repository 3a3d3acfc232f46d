"""The two health addresses: what they promise to load balancers, and what strangers may learn."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Synchronisation
from hub import health
from hub.lib import clock


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health._Last, "found", None)


def in_a_thread[T](work: Callable[[], T]) -> T:
    """The result of `work` with database connections of its own."""
    results: list[T] = []

    def run() -> None:
        try:
            results.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def test_a_process_that_answers_is_live_whatever_else_is_down(client: Client) -> None:
    # No database mark: a query would raise.
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.fixture
def followed(db: None) -> Synchronisation:
    """The directory was read a minute ago."""
    known_at = clock.now() - timedelta(minutes=1)
    return Synchronisation.objects.create(name="directory", known_at=known_at, result="changes")


@pytest.mark.usefixtures("followed")
def test_a_hub_with_all_its_parts_is_ready_and_tells_figures(client: Client) -> None:
    answer = client.get("/health/ready")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "ready")
    assert set(body["checks"]) == {"database", "migrations", "redis", "directory", "sign_in"}
    assert all(check["ok"] is True and check["ms"] >= 0 for check in body["checks"].values())
    assert body["checks"]["migrations"]["pending"] == 0


@pytest.mark.django_db
def test_answers_are_never_kept_by_a_cache_on_the_way(client: Client) -> None:
    for address in ("/health/live", "/health/ready"):
        assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.django_db
def test_only_reading_is_possible(client: Client) -> None:
    for address in ("/health/live", "/health/ready"):
        assert client.head(address).status_code == 200
        assert client.post(address).status_code == 405


def test_without_the_database_the_hub_is_unavailable_and_keeps_the_reason_to_itself(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    for name, value in {"HOST": "127.0.0.1", "PORT": "1"}.items():
        monkeypatch.setitem(connections.settings["default"], name, value)

    def ask() -> HttpResponse:
        return Client().get("/health/ready")

    with django_db_blocker.unblock():
        answer = in_a_thread(ask)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    body = answer.json()
    assert body["status"] == "unavailable"
    assert body["checks"]["database"]["ok"] is False
    assert body["checks"]["migrations"] == {"ok": False, "ms": 0.0, "pending": None}
    assert body["checks"]["redis"]["ok"] is True
    assert "127.0.0.1" not in answer.content.decode()


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration_gets_no_traffic(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'notifications' AND name = '0001_initial'"
        )
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"]["pending"] == 1
    assert answer.json()["checks"]["database"]["ok"] is True


@pytest.mark.usefixtures("followed")
def test_a_database_ahead_of_the_code_is_no_fault_during_a_roll_out(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('notifications', '9999_of_the_next_version', now())"
        )
    assert client.get("/health/ready").json()["status"] == "ready"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"])
def test_without_redis_requests_are_still_accepted_but_the_hub_says_so(
    client: Client, settings: Settings, address: str
) -> None:
    settings.REDIS_URL = address
    answer = client.get("/health/ready")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "degraded")
    assert body["checks"]["redis"]["ok"] is False
    assert "nowhere" not in answer.content.decode()


@pytest.mark.parametrize(
    ("known", "stopped", "expected"),
    [
        (None, False, {"ok": False, "lag_seconds": None}),
        (timedelta(seconds=299), False, {"ok": True, "lag_seconds": 299}),
        (timedelta(seconds=302), False, {"ok": False, "lag_seconds": 302}),
        (timedelta(seconds=1), True, {"ok": False, "missing": 60}),
    ],
)
def test_a_directory_that_is_not_followed_in_time_is_said_so(
    client: Client,
    followed: Synchronisation,
    known: timedelta | None,
    stopped: bool,
    expected: dict[str, object],
) -> None:
    now = clock.now()
    followed.known_at = now - known if known else None
    followed.stopped_at, followed.missing = (now, 60) if stopped else (None, 0)
    followed.save()
    with time_machine.travel(now, tick=False):
        body = client.get("/health/ready").json()
    told = body["checks"]["directory"]
    assert told | expected == told
    assert told["bound_seconds"] == 300
    assert body["status"] == ("ready" if expected["ok"] else "degraded")


@pytest.mark.django_db
def test_a_redis_that_refuses_us_counts_as_down(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: object) -> None:
        raise redis.ResponseError("NOAUTH")

    monkeypatch.setattr(redis.Redis, "ping", refuse)
    assert client.get("/health/ready").json()["status"] == "degraded"


@pytest.mark.django_db
def test_asking_again_at_once_costs_the_database_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "REUSE_SECONDS", 3600.0)
    first = client.get("/health/ready").json()
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/health/ready").json() == first
    assert len(queries) == 0


@pytest.mark.django_db
def test_while_one_request_looks_the_others_are_answered_from_the_last_look(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/health/ready").json()
    monkeypatch.setattr(health, "REUSE_SECONDS", 0.0)
    with health._Last.looking:  # a look that does not come back
        assert client.get("/health/ready").json() == first


def test_probes_are_not_sent_to_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/live").status_code == 200
    assert client.get("/elsewhere").status_code == 301


def test_known_migrations_are_those_on_disk() -> None:
    here = Path(health.__file__).parent.parent
    for app in ("accounts", "notifications"):
        for file in (here / app / "migrations").glob("0*.py"):
            assert (app, file.stem) in health._known_migrations()
