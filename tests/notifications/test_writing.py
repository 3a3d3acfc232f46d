"""The statement that writes, and what it may not read."""

import pytest
from django.db import connection

from accounts import repeats
from accounts.models import Employee, Subsystem
from hub.lib import statements
from notifications import ingest, writing
from tests.notifications.test_plans import explain, scans

pytestmark = pytest.mark.django_db


def test_it_looks_people_up_and_reads_no_table(
    payroll: Subsystem, approval, alice: Employee, now, monkeypatch
):
    seen = []
    rows = statements.rows
    monkeypatch.setattr(
        statements, "rows", lambda sql, given: seen.append((sql, given)) or rows(sql, given)
    )
    caller = ingest.Caller(subsystem_id=payroll.id, key_id=payroll.id, mode="live")
    card = {"title": "x", "summary": "", "body": "", "facts": [], "links": []}
    draft = ingest.Draft("approval", "notice", card, {"any": [{"employees": ["E1001"]}]})
    identity = repeats.Identity(b"1" * 32, b"2" * 32)
    ingest.accept_all(
        [draft], caller=caller, now=now,
        keeping=lambda results: repeats.Record(identity, 202, {}, {}),
    )  # fmt: skip
    Employee.objects.bulk_create(
        Employee(
            object_guid=f"00000000-0000-0000-0000-{number:012}", employee_id=f"S{number}",
            user_name=f"s{number}", display_name="S", seen_in_directory_at=now,
        )
        for number in range(3000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_employee")

    assert [sql for sql, _ in seen][1] == writing.KEYED
    assert "accounts_employee" not in scans(explain(*seen[1]))
