"""The rights of web and workers in the database: enough to work, not enough to edit the record."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg import sql

from accounts import audit
from accounts.models import AuditEvent, AuditSeal, Employee

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_the_hub(alice):
    """From here on the connection has the rights of the hub's own account."""
    host, user = connection.settings_dict["HOST"], sql.Identifier(connection.settings_dict["USER"])
    with psycopg.connect(host=host, user="postgres", dbname="postgres") as superuser:
        if not superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'hub_app'").fetchone():
            superuser.execute("CREATE ROLE hub_app")
        superuser.execute(sql.SQL("GRANT hub_app TO {}").format(user))
    call_command("grant_rights", "hub_app", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL ROLE hub_app")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def sealed(as_the_hub, now):
    audit.record(now=now, actor=audit.HUB, action="an_act", subject_kind="hub", subject_id="")
    assert audit.seal(now=now, limit=10) == 1


def test_the_record_is_appended_to_sealed_and_verified(sealed):
    assert audit.verify().intact
    assert AuditEvent.objects.count() == AuditSeal.objects.count() == 1


@pytest.mark.parametrize("table", ["accounts_auditevent", "accounts_auditseal"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER USER",
        "DROP TABLE {} CASCADE",
        "UPDATE {} SET {} = NULL",
    ],
)
def test_the_record_cannot_be_edited_not_even_by_switching_its_trigger_off(
    sealed, table, statement
):
    column = "data" if table.endswith("event") else "mac"
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, column))


def test_everything_else_can_be_worked_on(as_the_hub, alice):
    Employee.objects.filter(id=alice.id).update(title="Controller")
    assert Employee.objects.get(id=alice.id).title == "Controller"
    Employee.objects.filter(id=alice.id).delete()


def test_a_role_that_is_not_there_is_refused():
    with pytest.raises(CommandError, match="does not exist"):
        call_command("grant_rights", "nobody_of_that_name", stdout=StringIO())
