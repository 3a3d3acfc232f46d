"""What an endpoint's answer means."""

import json
from datetime import timedelta

import pytest

from notifications.callbacks import verdicts
from notifications.callbacks.verdicts import Meaning


def read(status, body=b"", headers=None, strict_id=None):
    return verdicts.of(status=status, body=body, headers=headers or {}, strict_id=strict_id)


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b"", Meaning.CONFIRMED),
        (204, b"", Meaning.CONFIRMED),
        (200, b'{"status": "refused", "message": "Over budget."}', Meaning.REFUSED),
        (200, b'{"status": "pending"}', Meaning.PENDING),
        (200, b'{"status": 7}', Meaning.CONFIRMED),
        (200, b"<html>Sign in</html>", Meaning.CONFIRMED),
        (202, b"", Meaning.PENDING),
        (202, b'{"status": "confirmed"}', Meaning.CONFIRMED),
        (301, b"", Meaning.FAILED),
        (400, b"", Meaning.FAILED),
        (401, b"", Meaning.FAILED),
        (409, b'{"message": "Already booked."}', Meaning.REFUSED),
        (410, b"", Meaning.OFF),
        (429, b"", Meaning.LATER),
        (500, b"", Meaning.LATER),
        (503, b"[" * 100_000, Meaning.LATER),
    ],
)
def test_an_answer_means_what_the_contract_says(status, body, meaning):
    assert read(status, body).meaning == meaning


def test_a_login_page_that_answers_200_does_not_confirm_where_the_category_is_strict():
    page = b"<html>Sign in</html>"

    assert read(200, page, strict_id="evt1").meaning == Meaning.FAILED
    assert read(200, b'{"received": "evt2"}', strict_id="evt1").meaning == Meaning.FAILED
    assert read(200, b'{"received": "evt1"}', strict_id="evt1").meaning == Meaning.CONFIRMED


def test_the_sentence_for_the_employee_is_cut_and_cleaned():
    sentence = "Booked.\x00\u202e" + "x" * 1000
    body = json.dumps({"status": "confirmed", "message": sentence}).encode()

    assert read(200, body).message == ("Booked." + "x" * 1000)[:500]


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("999999999", timedelta(days=1)),
        ("9" * 30, None),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_a_long_wait_is_a_day_and_nonsense_is_none(value, wait):
    assert read(429, headers={"retry-after": value}).retry_after == wait
