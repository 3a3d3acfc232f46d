"""What PostgreSQL does with the hot statements after it has seen broadcasts.

Its statistics then say that every notification has thousands of recipients. A single push must
still be looked up, not found by reading everything.
"""

import json
import uuid

import pytest
from django.db import connection

from accounts.models import Device, Employee
from hub.lib import clock, ids
from notifications import errands, queues
from notifications.models import Notification
from notifications.push import targets

pytestmark = pytest.mark.django_db

PEOPLE = 3000

BROADCAST = """
INSERT INTO notifications_recipient (employee_id, notification_id, arrived_at)
SELECT id, %(notification)s, now() FROM accounts_employee WHERE employee_id LIKE 'S%%';
INSERT INTO notifications_delivery (notification_id, employee_id, device_id, purpose, version,
    state, reason, provider_name, attempts, first_tried_at)
SELECT %(notification)s, employee_id, id, 'show', 1, 'sent', '', '', 1, now() FROM accounts_device;
"""


def scans(plan):
    """Every node of a plan that reads a whole table, by the table's name."""
    found = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    for below in plan.get("Plans", []):
        found += scans(below)
    return found


@pytest.fixture
def after_broadcasts(make_request, alice, now):
    """A request to alice alone, after three broadcasts to PEOPLE."""
    people = Employee.objects.bulk_create(
        Employee(
            object_guid=uuid.uuid4(), employee_id=f"S{number}", user_name=f"s{number}",
            display_name="S", seen_in_directory_at=now,
        )
        for number in range(PEOPLE)
    )  # fmt: skip
    Device.objects.bulk_create(
        Device(
            employee=person, installation=b"", installation_index=person.id.bytes * 2,
            platform="android", created_at=now, last_seen_at=now,
            access_digest=person.id.bytes * 2, access_expires_at=now, session_expires_at=now,
            push_address=b"sealed", push_address_index=person.id.bytes * 2,
        )
        for person in people
    )  # fmt: skip
    with connection.cursor() as cursor:
        for _ in range(3):
            notice = make_request(kind="notice")
            cursor.execute(BROADCAST, {"notification": notice.id})
        single = make_request(alice)
        cursor.execute("ANALYZE")
    return single


def explain(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        (answer,) = cursor.fetchone()
    return (answer if isinstance(answer, list) else json.loads(answer))[0]["Plan"]


@pytest.mark.parametrize("singles", [1, 500])
def test_single_pushes_read_no_table_from_end_to_end(after_broadcasts, alice, singles):
    plan = explain(
        targets.REACHABLE,
        {
            **targets.words(
                errands=list(range(singles)),
                notifications=[after_broadcasts.id] * singles,
                firsts=[alice.id] * singles,
                lasts=[alice.id] * singles,
                purposes=["show"] * singles,
                versions=[1] * singles,
                moments=["-"] * singles,
            ),
            "now": clock.now(),
        },
    )

    # Those of requests hold next to nothing here: to read them whole is the best plan.
    tiny = {"notifications_seat", "notifications_delegation", "notifications_notification"}
    assert set(scans(plan)) <= tiny


def test_a_claim_reads_the_errands_by_their_index(after_broadcasts, now):
    notification = Notification.objects.get(id=after_broadcasts.id)
    for _ in range(300):  # waiting for another day, so that reading all of them would show
        errands.add(
            kind="expire", notification=notification, due_at=now.replace(year=now.year + 1), now=now
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_errand")
    parameters = {
        "token": ids.uuid7(), "until": now, "queue": queues.PUSH, "now": clock.now(),
        "limit": 10, "weight": 10,
    }  # fmt: skip
    plan = explain(errands.CLAIM, parameters)

    assert "notifications_errand" not in scans(plan)
