"""Statements that are hot enough to be prepared: parsed and planned once in a connection.

Django binds parameters in the client and prepares nothing. The few statements that are sent with
every request are worth it; their plans must not depend on the values. They go to libpq directly:
a cursor costs several times as much as the question and its answer.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import errors, pq

_PARAMETER = re.compile(r"%\((\w+)\)s|%%")
_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)

# Of a connection: the names of what it has prepared, by the text and the types of the values.
_Prepared = dict[tuple[str, tuple[int, ...]], bytes]
_prepared: WeakKeyDictionary[psycopg.Connection[Any], _Prepared] = WeakKeyDictionary()


def rows(sql: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """What the statement returns, in the present transaction, or in one of its own without one.

    Parameters stand as `%(name)s`. They, and what is returned, are text, whole numbers, booleans,
    UUIDs, bytes, moments and lists of text or UUIDs (moments and lists are only sent). Raises
    Django's database errors. Not prepared where a pooler before the database forbids it.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    kept: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors:
        is_begun = kept.autocommit or kept.pgconn.transaction_status == pq.TransactionStatus.INTRANS
        if settings.PREPARED_STATEMENTS and is_begun:
            return _loaded(_executed(kept, sql, parameters))
        with psycopg.Cursor(kept) as cursor:  # which begins the transaction
            cursor.execute(sql, parameters, prepare=False)
            return cursor.fetchall()


def _executed(
    kept: psycopg.Connection[Any], sql: str, parameters: Mapping[str, object]
) -> pq.abc.PGresult:
    numbered, names = _numbered(sql)
    sent = [_kind(parameters[name]) for name in names]
    types = tuple([each[0] for each in sent])
    # Any: the stub of exec_prepared knows no None among the values.
    values: list[Any] = [each[2](parameters[name]) for name, each in zip(names, sent, strict=True)]
    prepared = _prepared.setdefault(kept, {})
    statement = prepared.get((sql, types))
    if statement is None:
        statement = b"hub_%d" % len(prepared)
        _checked(kept.pgconn.prepare(statement, numbered, types))
        prepared[sql, types] = statement
    formats = [each[1] for each in sent]  # of the values
    return _checked(kept.pgconn.exec_prepared(statement, values, formats))


def _checked(result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status in _FAILED:
        if result.error_field(pq.DiagnosticField.SQLSTATE) is None:
            # No word of the server's, but libpq's own: the connection is lost.
            raise errors.OperationalError(result.get_error_message())
        raise errors.error_from_result(result)
    return result


def _loaded(result: pq.abc.PGresult) -> list[tuple[Any, ...]]:
    readers = [_READ[result.ftype(column)] for column in range(result.nfields)]
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else read(value)
            for column, read in enumerate(readers)
        )
        for row in range(result.ntuples)
    ]


@lru_cache(maxsize=200)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with `$1` and so on, and the names of its parameters in that order."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match[1]
        return f"${names.setdefault(name, len(names) + 1)}" if name else "%"

    return _PARAMETER.sub(number, sql).encode(), tuple(names)


def _list(values: Sequence[str]) -> bytes:
    quoted = [one.replace("\\", "\\\\").replace('"', '\\"') for one in values]
    return f'{{"{'","'.join(quoted)}"}}'.encode() if quoted else b"{}"


def _kind(value: object) -> "_Sent":
    kind = _SENT.get(type(value))
    if kind is None:  # a subclass, such as a member of an enumeration of text
        kind = next((each for known, each in _SENT.items() if isinstance(value, known)), None)
    if kind is None:
        raise TypeError(f"A prepared statement takes no {type(value).__name__}.")
    return kind


# By Python type: the type in PostgreSQL, whether it is sent as it is (1) or as text (0), and how.
_Sent = tuple[int, int, Callable[[Any], bytes | None]]
_SENT: Final[dict[type, _Sent]] = {
    str: (25, 0, str.encode),
    uuid.UUID: (2950, 1, lambda value: value.bytes),
    datetime: (1184, 0, lambda value: value.isoformat().encode()),
    bool: (16, 0, lambda value: b"t" if value else b"f"),
    int: (20, 0, lambda value: b"%d" % value),
    bytes: (17, 1, lambda value: value),
    list: (1009, 0, _list),
    type(None): (0, 0, lambda value: None),
}
_READ: Final[dict[int, Callable[[bytes], Any]]] = {
    16: lambda value: value == b"t",
    20: int,
    21: int,
    23: int,
    25: bytes.decode,
    1043: bytes.decode,
    2950: lambda value: uuid.UUID(value.decode()),
}
