"""What is sent with a prepared statement arrives as it was, and so does what comes back."""

import os
import socket
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from hub.lib import statements
from notifications.models import Notification

pytestmark = pytest.mark.django_db

SAYS = "\n".join(["é€😀", 'a"b', "c\\d", "{,}", "NULL", ""])


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'hub%%'")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (SAYS, "text"), ("", "text"), (Notification.State.OPEN, "text"), (uuid.uuid4(), "uuid"),
        (0, "int"), (-(2**63), "bigint"), (True, "bool"), (False, "bool"), (None, "text"),
    ],
)  # fmt: skip
def test_a_value_comes_back_as_it_was_sent(value, kind):
    assert statements.rows(f"SELECT %(value)s::{kind}", {"value": value}) == [(value,)]


def test_bytes_moments_and_lists_are_sent_as_they_are():
    moment = datetime(2026, 2, 28, 23, 59, 59, 999999, timezone(timedelta(hours=5, minutes=30)))
    names = [*SAYS.splitlines(), SAYS, ""]
    [(octets, there, count, every)] = statements.rows(
        "SELECT encode(%(octets)s, 'hex'), %(moment)s = %(utc)s, cardinality(%(names)s::text[]),"
        " array_to_string(%(names)s::text[], '|')",
        {
            "octets": b"\x00\xff", "moment": moment, "utc": moment.astimezone(UTC),
            "names": names,
        },
    )  # fmt: skip

    assert (octets, there, count, every) == ("00ff", True, len(names), "|".join(names))
    assert statements.rows("SELECT cardinality(%(n)s::text[])", {"n": []}) == [(0,)]


def test_a_statement_is_prepared_once_for_the_types_of_its_values():
    before = prepared()
    for value in (1, 2, 3):
        statements.rows("SELECT %(value)s::text, '100 %%'", {"value": value})
    assert prepared() == before + 1
    assert statements.rows("SELECT %(value)s::text, '100 %%'", {"value": "x"}) == [("x", "100 %")]
    assert prepared() == before + 2


def test_where_a_pooler_forbids_it_nothing_is_prepared(settings):
    settings.PREPARED_STATEMENTS = False
    before = prepared()
    assert statements.rows("SELECT %(value)s::text", {"value": "no"}) == [("no",)]
    assert prepared() == before


def test_an_error_is_djangos_and_spoils_only_its_own_transaction():
    with pytest.raises(ProgrammingError, match="no_such_table"), transaction.atomic():
        statements.rows("SELECT %(value)s::text FROM no_such_table", {"value": "x"})
    with pytest.raises(TypeError, match="float"):
        statements.rows("SELECT %(value)s", {"value": 1.5})
    assert statements.rows("SELECT %(value)s::text", {"value": "still"}) == [("still",)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_is_an_operational_error_and_the_next_one_serves():
    backend = "SELECT pg_backend_pid()::text || %(value)s"
    [(pid,)] = statements.rows(backend, {"value": ""})
    os.dup2(_closed_socket(), connection.connection.fileno())
    with pytest.raises(OperationalError):
        statements.rows(backend, {"value": ""})
    connection.close()

    assert statements.rows(backend, {"value": ""}) != [(pid,)]


def _closed_socket():
    near, far = socket.socketpair()
    far.close()
    return near.detach()


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_it_commits_and_inside_it_waits_for_the_end():
    insert = "INSERT INTO notifications_switch (name) VALUES (%(name)s) RETURNING name"
    count = "SELECT count(*) FROM notifications_switch WHERE name = %(name)s"
    statements.rows(insert, {"name": "kept"})
    with transaction.atomic():
        statements.rows(insert, {"name": "undone"})
        transaction.set_rollback(True)

    assert statements.rows(count, {"name": "kept"}) == [(1,)]
    assert statements.rows(count, {"name": "undone"}) == [(0,)]
