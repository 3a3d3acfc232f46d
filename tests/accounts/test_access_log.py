"""From where a person's devices spoke: a row a device, address and day, hardly a statement."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from accounts import access_log, retention
from accounts.access_log import Ledger
from accounts.devices import Session
from accounts.models import Access, AuditEvent, Device, Employee, Staff
from hub.lib import clock
from tests.accounts.parallel import in_parallel
from tests.accounts.test_sessions import sign_in

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def ledger() -> Ledger:
    """That of one process."""
    return Ledger()


def session_of(who: Employee, now: datetime, installation: str = "a") -> Session:
    return Session(sign_in(who, now, installation=installation).device_id, who.pk)


def seen(address: str = "192.0.2.1", at: datetime = NOON) -> dict[str, object]:
    return {"client_address": address, "now": at}


def counts() -> list[tuple[str, int]]:
    return [(row.address, row.requests) for row in Access.objects.order_by("pk")]


def test_a_hundred_requests_cost_two_statements_and_make_one_row(
    alice: Employee, ledger: Ledger, django_assert_num_queries: object
) -> None:
    session = session_of(alice, NOON)
    with django_assert_num_queries(2):  # type: ignore[operator]
        for minute in range(100):
            ledger.note(session=session, **seen(at=NOON + timedelta(minutes=minute)))
        assert ledger.flush() == 1
        assert ledger.flush() == 0
    row = Access.objects.get()
    assert (row.employee_id, row.device_id, row.day) == (alice.pk, session.device_id, NOON.date())
    assert (row.address, row.requests) == ("192.0.2.1", 100)
    assert (row.first_at, row.last_at) == (NOON, NOON + timedelta(minutes=99))


def test_the_row_is_there_before_the_first_answer(alice: Employee, ledger: Ledger) -> None:
    session = session_of(alice, NOON)
    ledger.note(session=session, **seen())
    ledger.note(session=session, **seen())
    assert counts() == [("192.0.2.1", 1)], "a process killed here has lost one count and no row"


def test_another_address_another_day_and_another_device_have_rows_of_their_own(
    alice: Employee, ledger: Ledger
) -> None:
    phone, tablet = session_of(alice, NOON, "a"), session_of(alice, NOON, "b")
    for moment in (NOON, NOON + timedelta(days=1)):
        ledger.note(session=phone, **seen("192.0.2.1", moment))
        ledger.note(session=phone, **seen("2001:db8::1", moment))
        ledger.note(session=tablet, **seen("192.0.2.1", moment))
    assert Access.objects.count() == 6


def test_what_several_processes_count_is_one_row(alice: Employee) -> None:
    session, processes = session_of(alice, NOON), [Ledger() for _ in range(3)]
    for hour, process in enumerate(processes):
        for _ in range(3):
            process.note(session=session, **seen(at=NOON + timedelta(hours=hour)))
    for process in reversed(processes):
        process.flush()
    row = Access.objects.get()
    assert (row.requests, row.first_at, row.last_at) == (9, NOON, NOON + timedelta(hours=2))


def test_no_network_address_can_be_read_in_the_database(alice: Employee, ledger: Ledger) -> None:
    ledger.note(session=session_of(alice, NOON), **seen("198.51.100.77"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_access::text, address, address_index FROM accounts_access")
        text, address, index = cursor.fetchone()
    assert "198.51.100.77" not in text
    assert b"198.51.100.77" not in bytes(address) + bytes(index)
    assert Access.objects.get().address == "198.51.100.77"


def test_what_could_not_be_written_is_written_later(
    alice: Employee, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(alice, NOON)
    ledger.note(session=session, **seen())
    ledger.note(session=session, **seen(at=NOON + timedelta(minutes=1)))

    def fail(_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(access_log, "write", fail)
        with pytest.raises(DatabaseError):
            ledger.flush()
    ledger.note(session=session, **seen(at=NOON + timedelta(minutes=2)))
    ledger.flush()
    row = Access.objects.get()
    assert (row.requests, row.last_at) == (3, NOON + timedelta(minutes=2))


def test_a_first_request_that_could_not_be_noted_is_noted_by_the_next(
    alice: Employee, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(alice, NOON)

    def fail(_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(access_log, "write", fail)
        with pytest.raises(DatabaseError):
            ledger.note(session=session, **seen())
    ledger.note(session=session, **seen())
    assert counts() == [("192.0.2.1", 1)]


def test_a_process_forgets_yesterday_and_never_holds_too_much(
    alice: Employee, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(alice, NOON)
    ledger.note(session=session, **seen())
    ledger.note(session=session, **seen(at=NOON + timedelta(days=1)))
    ledger.flush()
    assert [place.day.day for place in ledger.known] == [5]
    monkeypatch.setattr(access_log, "KNOWN_AT_MOST", 5)
    for number in range(30):
        for _ in range(2):
            address = f"192.0.2.{number}"
            ledger.note(session=session, **seen(address, NOON + timedelta(days=1)))
        assert len(ledger.known) <= 6
    ledger.flush()
    assert sum(requests for _, requests in counts()) == 2 + 60


def test_a_device_that_is_gone_meanwhile_stops_nobody_elses_count(
    alice: Employee, bob: Employee, ledger: Ledger
) -> None:
    gone, there = session_of(alice, NOON, "a"), session_of(bob, NOON, "b")
    for session in (gone, there, gone, there):
        ledger.note(session=session, **seen())
    Device.objects.filter(pk=gone.device_id).delete()
    ledger.flush()
    assert [(row.employee_id, row.requests) for row in Access.objects.all()] == [(bob.pk, 2)]


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_the_same_rows_at_once_lose_nothing(
    alice: Employee, bob: Employee
) -> None:
    sessions = [session_of(who, NOON, who.user_name) for who in (alice, bob)]
    addresses = [f"192.0.2.{number}" for number in range(5)]

    def serve(number: int) -> int:
        process = Ledger()
        turns = [(one, address) for one in sessions for address in addresses]
        for session, address in turns if number % 2 else reversed(turns):
            for _ in range(3):
                process.note(session=session, **seen(address))
        return process.flush()

    assert in_parallel(8, serve) == [10] * 8
    assert {row.requests for row in Access.objects.all()} == {24}
    assert Access.objects.count() == 10


def test_the_log_is_kept_for_a_while_only(
    alice: Employee, ledger: Ledger, now: datetime, settings: object
) -> None:
    session = session_of(alice, now)
    for days in (0, 89, 90, 91, 400):
        ledger.note(session=session, **seen(at=now - timedelta(days=days)))
    assert retention.purge(now=now) == 2
    assert min(row.day for row in Access.objects.all()) == (now - timedelta(days=90)).date()


def knock(path: str, token: str, address: str = "198.51.100.1") -> dict[str, object]:
    answer = Client().get(
        f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR=address
    )
    assert answer.status_code == 200, answer.content
    body: dict[str, object] = answer.json()
    return body


def test_a_person_reads_their_own_log_page_by_page_and_nobody_elses(
    alice: Employee, charlie: Employee
) -> None:
    now = clock.now()
    mine, theirs = (sign_in(who, now, installation=who.user_name) for who in (alice, charlie))
    for number in range(3):
        knock("me", mine.pair.access, f"192.0.2.{number}")
    knock("me", theirs.pair.access, "203.0.113.1")

    first = knock("me/access-log?page_size=2", mine.pair.access)
    cursor = first["page_info"]["after"]
    second = knock(f"me/access-log?page_size=2&after={cursor}", mine.pair.access)
    entries = [*first["entries"], *second["entries"]]
    assert [entry["address"] for entry in entries] == [
        "198.51.100.1", "192.0.2.2", "192.0.2.1", "192.0.2.0",
    ]  # fmt: skip
    assert {entry["device"]["id"] for entry in entries} == {str(mine.device_id)}
    assert all(entry["device"]["current"] for entry in entries)
    assert second["page_info"]["after"] is None
    [entry] = knock("me/access-log", theirs.pair.access, "203.0.113.1")["entries"]
    assert entry["address"] == "203.0.113.1"


def test_the_admin_reads_it_by_employee_and_each_reading_is_audited(
    alice: Employee, bob: Employee, ledger: Ledger
) -> None:
    session = session_of(alice, NOON)
    ledger.note(session=session, **seen("198.51.100.7"))
    ledger.note(session=session_of(bob, NOON, "b"), **seen("203.0.113.9"))
    browser = Client()
    browser.force_login(Staff.objects.create_superuser("root", password="right"))
    page = browser.get(reverse("admin:accounts_access_changelist"), {"q": "E1001"}, secure=True)
    assert "198.51.100.7" in page.content.decode()
    assert "203.0.113.9" not in page.content.decode()
    page = browser.get(
        reverse("admin:accounts_device_change", args=[session.device_id]), secure=True
    )
    assert "198.51.100.7" in page.content.decode()
    assert AuditEvent.objects.filter(subject_kind="access_log_list").count() == 1
    assert AuditEvent.objects.filter(subject_id=str(session.device_id)).exists()


SERVING = """
import datetime, json, os, sys, time, uuid
import django
django.setup()
from accounts import access_log
from accounts.devices import Session
session = Session(uuid.UUID(sys.argv[1]), uuid.UUID(sys.argv[2]))
access_log.ledger.begin()
at = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
for _ in range(5):
    access_log.ledger.note(session=session, client_address="192.0.2.1", now=at)
print("noted", flush=True)
if sys.argv[3] == "wait":
    time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("ending", "every", "requests"),
    [("orderly", "300", 5), ("killed", "300", 1), ("wait", "1", 5)],
)
def test_what_a_process_loses_when_it_ends(
    alice: Employee, ending: str, every: str, requests: int
) -> None:
    session = session_of(alice, NOON)
    arguments = [str(session.device_id), str(session.employee_id), ending.replace("killed", "wait")]
    settings = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "ACCESS_LOG_FLUSH_SECONDS": every,
        "DATABASE_URL": _url(),
    }
    with subprocess.Popen(
        [sys.executable, "-c", SERVING, *arguments], env=settings, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "noted\n"
        if ending == "wait":
            deadline = clock.now() + timedelta(seconds=50)
            while counts() != [("192.0.2.1", requests)] and clock.now() < deadline:
                time.sleep(0.05)
        if ending != "orderly":
            process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert counts() == [("192.0.2.1", requests)]


def _url() -> str:
    """The test database, as a process of its own reaches it."""
    of_suite = os.environ["DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    before, mark, after = of_suite.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{mark}{after}"
