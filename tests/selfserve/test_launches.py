"""A code is good for a minute, once, for the module's own sub-system, while the session lasts."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts import people, sessions
from accounts.models import AuditEvent, Device, Employee
from hub.lib import clock, errors
from notifications.categories import LiveKeyNeeded
from selfserve import launches, modules
from selfserve.models import LaunchCode, LaunchCount
from tests.selfserve.conftest import ADMIN, FINANCE, caller_of

SECOND = timedelta(seconds=1)


def code_in(address):
    return address.partition("hub_code=")[2]


@pytest.fixture
def launch(offer, alice, sign_in, now):
    """alice opens payroll's module: what she is given, and her session."""
    offer(audience=FINANCE)
    session = sign_in(alice)
    return launches.launch(session=session, key="payslips", now=now), session


@pytest.fixture
def exchange(launch, payroll, now):
    def exchange(subsystem=payroll, key="payslips", at=now, mode="live", code=None):
        code = code_in(launch[0].address) if code is None else code
        return launches.exchange(caller=caller_of(subsystem, mode), code=code, key=key, now=at)

    return exchange


def refusals():
    said = AuditEvent.objects.filter(action="launch_exchange_refused").order_by("id")
    return [one.data["reason"] for one in said]


@pytest.mark.django_db
def test_a_code_tells_who_opened_the_module_and_no_more(exchange, alice):
    found = exchange()

    assert (found.employee_id, found.claims) == ("E1001", {})
    assert AuditEvent.objects.filter(action="launch_exchanged").count() == 1


@pytest.mark.django_db
def test_a_module_learns_the_claims_it_is_entitled_to(offer, alice, payroll, sign_in, now):
    offer("hr", claims=["employee_id", "mail", "geo"])
    made = launches.launch(session=sign_in(alice), key="hr", now=now)

    found = launches.exchange(
        caller=caller_of(payroll), code=code_in(made.address), key="hr", now=now
    )

    assert found.claims == {"mail": "alice@corp.example", "geo": "DE"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "code_in_", "begins"),
    [
        (
            "https://payroll.corp.example/a",
            "fragment",
            "https://payroll.corp.example/a#hub_code=hub_lc_",
        ),
        (
            "https://payroll.corp.example/a",
            "query",
            "https://payroll.corp.example/a?hub_code=hub_lc_",
        ),
        (
            "https://payroll.corp.example/?a=b",
            "query",
            "https://payroll.corp.example/?a=b&hub_code=hub_lc_",
        ),
    ],
)
def test_the_code_stands_where_the_module_wants_it(
    offer, alice, sign_in, now, address, code_in_, begins
):
    offer(address=address, code_in=code_in_)
    made = launches.launch(session=sign_in(alice), key="payslips", now=now)

    assert made.address.startswith(begins)
    assert code_in(made.address) not in repr(made)


@pytest.mark.django_db
def test_a_replay_is_refused_and_on_the_audit_log(exchange):
    exchange()

    with pytest.raises(launches.CodeUsed):
        exchange()
    assert refusals() == ["launch_code_used"]


@pytest.mark.django_db
def test_a_code_is_good_for_a_minute(exchange, now):
    with pytest.raises(launches.CodeExpired):
        exchange(at=now + launches.LIFE)
    assert exchange(at=now + launches.LIFE - SECOND)
    assert refusals() == ["launch_code_expired"]


@pytest.mark.django_db
def test_the_code_of_another_is_like_one_that_does_not_exist(exchange, offer, rosters):
    offer("shifts", subsystem=rosters)
    offer("hr")
    for wrong in ({"subsystem": rosters, "key": "shifts"}, {"subsystem": rosters}, {"key": "hr"}):
        with pytest.raises(errors.NotFound) as refused:
            exchange(**wrong)
        with pytest.raises(errors.NotFound) as unknown:
            exchange(code="hub_lc_" + "A" * 49)
        assert refused.value.detail == unknown.value.detail
    assert refusals() == ["not_found"] * 3

    assert exchange(), "it was not spent by them"


@pytest.mark.django_db
def test_a_test_key_is_told_nobody(exchange):
    with pytest.raises(LiveKeyNeeded):
        exchange(mode="test")


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["logout", "disabled", "expired", "moved", "removed"])
def test_who_may_not_open_it_any_more_is_not_told_of(launch, exchange, alice, payroll, end, now):
    session = launch[1]
    if end == "logout":
        sessions.logout(session=session, now=now)
    if end == "disabled":
        people.set_disabled(employee_id=alice.pk, reason="directory", actor=ADMIN, now=now)
    if end == "expired":
        Device.objects.filter(pk=session.device_id).update(session_expires_at=now)
    if end == "moved":
        Employee.objects.filter(pk=alice.pk).update(department="IT")
    if end == "removed":
        modules.remove(caller=caller_of(payroll), key="payslips", now=now)

    with pytest.raises(launches.LaunchEnded):
        exchange()
    assert refusals() == ["launch_ended"]


@pytest.mark.django_db
def test_who_does_not_see_a_module_cannot_open_it(offer, charlie, sign_in, now):
    offer(audience=FINANCE)

    with pytest.raises(errors.NotFound):
        launches.launch(session=sign_in(charlie), key="payslips", now=now)
    assert not LaunchCode.objects.exists()


@pytest.mark.django_db
def test_launches_are_counted_by_day_and_nobody_in_them(exchange, offer, alice, bob, sign_in, now):
    exchange()
    launches.launch(session=sign_in(bob), key="payslips", now=now)
    launches.launch(session=sign_in(bob), key="payslips", now=now + timedelta(days=1))

    counted = LaunchCount.objects.order_by("day").values_list("launches", "exchanges")
    assert list(counted) == [(2, 1), (1, 0)]


@pytest.mark.django_db
def test_the_text_of_a_code_is_kept_nowhere(launch):
    code = code_in(launch[0].address)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM selfserve_launchcode c")
        [(kept,)] = cursor.fetchall()
    assert code not in kept
    assert code not in str(list(AuditEvent.objects.values_list("data", flat=True)))


@pytest.mark.django_db(transaction=True)
def test_of_twenty_exchanges_at_once_one_is_answered(offer, alice, payroll, sign_in):
    offer(audience=FINANCE)
    made = launches.launch(session=sign_in(alice), key="payslips", now=clock.now())
    code, barrier, got = code_in(made.address), threading.Barrier(20), []

    def knock():
        connection.ensure_connection()
        barrier.wait(60)
        try:
            launches.exchange(caller=caller_of(payroll), code=code, key="payslips", now=clock.now())
            got.append("told")
        except errors.HubError as refusal:
            got.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(got) == ["launch_code_used"] * 19 + ["told"]
    assert len(refusals()) == 19
