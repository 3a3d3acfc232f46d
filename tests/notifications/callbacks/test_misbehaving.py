"""A receiver that misbehaves in every way of the fault table: nothing is lost, nobody is held up."""

import socket
import time
from datetime import timedelta

import pytest

from accounts.models import Subsystem
from hub.lib import clock
from notifications.callbacks import deliver
from notifications.models import Breaker, CallbackAttempt, CallbackEvent, Decision, Errand
from tests.notifications.acting import answer, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def quick(settings):
    """A hub with little patience, so that the tests need little."""
    settings.CALLBACK_TOTAL_TIMEOUT = timedelta(seconds=1)


@pytest.fixture
def decided(accept, alice, provider):
    request = accept(alice)
    work()
    answer(alice, request)
    return request


def outcome():
    decision = Decision.objects.get()
    return decision.outcome, decision.outcome_message


def last_try():
    attempt = CallbackAttempt.objects.latest("id")
    return attempt.status, attempt.failure


def waits():
    """How long the event waits for its next try."""
    return Errand.objects.get(kind="call_back").due_at - clock.now()


def drip(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        time.sleep(0.05)
        handler.wfile.write(b"x")


def late(handler):
    time.sleep(1.5)
    handler.say(200, {"status": "confirmed"})


def cut(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


def flood(handler):
    handler.say(200, b"x" * 200_000)


def page(handler):
    handler.say(200, b"<html>Sign in</html>", kind="text/html")


@pytest.mark.parametrize(
    ("misdeed", "status", "failure"),
    [
        (drip, None, "timeout"), (late, None, "timeout"), (cut, None, "network"),
        (flood, 200, "too_large"), (500, 500, ""), (503, 503, ""), (429, 429, ""),
    ],
)  # fmt: skip
def test_no_answer_in_time_or_a_sick_one_is_tried_again_under_the_same_id(
    endpoint, decided, quick, tell, misdeed, status, failure
):
    endpoint.answers = [misdeed, (200, {"status": "confirmed", "message": "Booked."})]
    work()

    assert last_try() == (status, failure)
    assert outcome() == ("recorded", "")
    assert timedelta(seconds=3) < waits() < timedelta(seconds=6.5)
    assert Breaker.objects.get().failures == 1
    tell()
    assert outcome() == ("confirmed", "Booked.")
    assert len(set(endpoint.ids())) == 1
    assert Breaker.objects.get().failures == 0


def test_a_receiver_that_is_down_is_found_again_when_it_is_back(endpoint, decided, tell, payroll):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    Subsystem.objects.filter(pk=payroll.pk).update(callback_url=f"http://127.0.0.1:{port}/")
    work()
    assert last_try() == (None, "network")

    Subsystem.objects.filter(pk=payroll.pk).update(callback_url=endpoint.url)
    tell()
    assert outcome()[0] == "confirmed"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 422])
def test_what_waiting_does_not_mend_is_told_to_the_owner_and_tried_again(
    endpoint, decided, tell, caplog, status
):
    endpoint.answers = [(status, {}, {"Location": "http://169.254.169.254/latest/meta-data/"}), 200]
    work()

    assert last_try() == (status, "")
    assert [r.levelname for r in caplog.records if "callback_not_understood" in r.getMessage()] == [
        "ERROR"
    ]
    assert len(endpoint.heard) == 1, "no redirect is followed"
    tell()
    assert outcome()[0] == "confirmed"


def test_a_login_page_that_answers_200_confirms_nothing_where_the_category_is_strict(
    endpoint, decided, tell, approval
):
    approval.strict_acknowledgement = True
    approval.save()
    event_id = str(CallbackEvent.objects.get().id)
    endpoint.answers = [page, (200, {"received": event_id, "status": "confirmed"})]
    work()

    assert outcome()[0] == "recorded"
    tell()
    assert outcome()[0] == "confirmed"


def test_410_switches_the_endpoint_off_alarms_and_the_person_sees_it(
    endpoint, decided, caplog, payroll
):
    endpoint.answers = [410]
    work()

    payroll.refresh_from_db()
    assert payroll.callback_off_at is not None
    assert outcome()[0] == "undeliverable"
    alarms = {"callback_endpoint_off", "callback_dead"}
    said = " ".join(r.getMessage() for r in caplog.records if r.levelname == "ERROR")
    assert all(alarm in said for alarm in alarms)
    assert not Errand.objects.filter(kind="call_back").exists()


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"),
    [
        ("90", timedelta(seconds=88), timedelta(seconds=91)),
        ("1", timedelta(seconds=3), timedelta(seconds=6.5)),
        ("999999999", timedelta(hours=23), timedelta(days=1)),
        ("soon", timedelta(seconds=3), timedelta(seconds=6.5)),
        ("-5", timedelta(seconds=3), timedelta(seconds=6.5)),
        ("Wed, 21 Oct 2099 07:28:00 GMT", timedelta(seconds=3), timedelta(seconds=6.5)),
    ],
)
def test_a_retry_after_is_honoured_up_to_a_day_and_nonsense_is_not(
    endpoint, decided, asked, at_least, at_most
):
    endpoint.answers = [(429, {}, {"Retry-After": asked})]
    work()

    assert at_least < waits() <= at_most


def test_an_answer_after_our_time_out_counts_for_nothing_and_the_repeat_has_the_same_id(
    endpoint, decided, quick, tell
):
    endpoint.answers = [late, (409, {"message": "Booked already."})]
    work()
    assert outcome()[0] == "recorded"
    tell()

    assert outcome() == ("refused", "Booked already.")
    assert len(set(endpoint.ids())) == 1


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "127.0.0.1", "224.0.0.1", "::ffff:127.0.0.1"]
)
def test_a_name_that_now_leads_to_a_forbidden_address_is_not_connected_to(
    endpoint, decided, payroll, address
):
    host = f"[{address}]" if ":" in address else address
    port = endpoint.server.server_port
    Subsystem.objects.filter(pk=payroll.pk).update(
        callback_url=f"http://{host}:{port}/hook", callback_loopback_allowed=False
    )
    work()

    assert last_try() == (None, "refused_address")
    assert endpoint.heard == []
    assert CallbackEvent.objects.get().state == "pending"


def test_a_name_whose_second_answer_is_forbidden_gains_nothing(
    endpoint, decided, payroll, monkeypatch
):
    # `localhost` was harmless when it was saved; the socket is asked again, and says no.
    url = endpoint.url.replace("127.0.0.1", "localhost")
    Subsystem.objects.filter(pk=payroll.pk).update(
        callback_url=url, callback_loopback_allowed=False
    )
    work()

    assert last_try() == (None, "refused_address")
    assert endpoint.heard == []


def test_ten_tries_over_75_hours_at_least_then_dead_with_an_alarm(
    endpoint, decided, caplog, settings
):
    settings.CALLBACK_BREAKER_FAILURES = 1000
    endpoint.answers = [500]
    total = timedelta(0)
    for _ in range(9):
        work()
        total += waits()
        Errand.objects.filter(kind="call_back").update(due_at=clock.now())
    work()

    assert CallbackAttempt.objects.count() == len(endpoint.heard) == 10
    assert timedelta(hours=75, minutes=30) < total < timedelta(hours=91)
    assert CallbackEvent.objects.get().state == "dead"
    assert outcome()[0] == "undeliverable"
    assert any("callback_dead" in r.getMessage() for r in caplog.records)


def test_whatever_retry_after_asks_for_an_event_is_given_up_after_seven_days(endpoint, decided):
    endpoint.answers = [(429, {}, {"Retry-After": "86400"})]
    Errand.objects.filter(kind="call_back").update(created_at=clock.now() - deliver.GIVEN_UP_AFTER)
    work()

    assert CallbackEvent.objects.get().state == "dead"
