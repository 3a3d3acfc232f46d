"""Rows that name what is not there are found, each kind by its name, whatever the batch."""

import io
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from notifications import drift
from notifications.models import Delivery, Digested, Errand, Recipient
from tests.notifications.acting import work

pytestmark = pytest.mark.django_db

SOUND = {"recipients": {}, "deliveries": {}, "digest items": {}, "errands": {}}


@pytest.fixture
def story(accept, alice, bob, dana, phone, provider, now):
    """Three people, four phones, a request and a notice, and an errand that waits."""
    for person in (alice, alice, bob, dana):
        phone(person)
    request = accept(alice, bob)
    accept(alice, bob, dana, kind="notice")
    work()
    Errand.objects.create(
        kind="expire", queue="maintenance", lane=1, size=1, notification=request,
        subsystem_id=request.subsystem_id, due_at=now, created_at=now,
    )  # fmt: skip
    return request


def found(**more):
    return {one.rows: one.without for one in drift.check(**more)}


def test_a_sound_story_has_no_drift_and_every_row_is_looked_at(story):
    assert found() == SOUND
    for size in (1, 2, 3, 100):
        assert [one.looked_at for one in drift.check(rows_a_batch=size)] == [
            Recipient.objects.count(),
            Delivery.objects.count(),
            Digested.objects.count(),
            Errand.objects.count(),
        ]
    said = io.StringIO()
    call_command("check_drift", stdout=said)
    assert (
        said.getvalue() == "drift: none in 5 recipients, 7 deliveries, 0 digest items, 1 errands\n"
    )


@pytest.mark.parametrize(
    ("model", "column", "rows", "what"),
    [
        (Recipient, "employee_id", "recipients", "an employee"),
        (Recipient, "notification_id", "recipients", "a notification"),
        (Delivery, "device_id", "deliveries", "a device"),
        (Delivery, "notification_id", "deliveries", "a notification"),
        (Delivery, "employee_id", "deliveries", "an employee"),
        (Errand, "notification_id", "errands", "a notification"),
        (Errand, "subsystem_id", "errands", "a sub-system"),
        (Errand, "event_id", "errands", "an event"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_a_row_without_what_it_names_is_told_by_its_kind(story, model, column, rows, what, size):
    table = model._meta.db_table
    with connection.cursor() as cursor:  # one row, as no code of the hub would write it
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE ctid = (SELECT max(ctid) FROM {table})",
            [uuid.uuid4()],
        )
    assert found(rows_a_batch=size) == {**SOUND, rows: {what: 1}}

    with pytest.raises(CommandError, match=f"drift: .* \\(1 without {what}\\)"):
        call_command("check_drift")


def test_an_empty_hub_has_no_drift(db):
    assert found() == SOUND
