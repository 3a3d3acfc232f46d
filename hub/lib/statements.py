"""Statements that are hot enough to be prepared: parsed and planned once in a connection.

Django binds parameters in the client and prepares nothing. The few statements that are sent with
every request are worth it; their plans must not depend on the values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection


def rows(sql: str, parameters: Mapping[str, object] | Sequence[object]) -> list[tuple[Any, ...]]:
    """What the statement returns, in the present transaction, or in one of its own without one.

    Raises Django's database errors. Not prepared where a pooler before the database forbids it.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, parameters, prepare=settings.PREPARED_STATEMENTS)
        return cursor.fetchall()
