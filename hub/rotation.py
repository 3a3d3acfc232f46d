"""Sealed values under the current encryption key, while the hub runs.

A value is replaced only if it still is what was read, so whatever is written meanwhile stays; that
is under the current key anyway, once every process has it in front. Each batch is a transaction of
its own: a run that is killed is simply run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from hub.lib import crypto, keys
from hub.lib.columns import SealedBytes, SealedText

ROWS_A_BATCH = 2000
FILES_A_BATCH = 20  # each of which may be of megabytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one column is: rows looked at, values sealed anew, values nobody can open."""

    column: str
    looked_at: int
    rotated: int
    unreadable: int


def columns() -> Iterator[SealedText]:
    """Every sealed column of every app."""
    for model in apps.get_models():
        yield from (one for one in model._meta.concrete_fields if isinstance(one, SealedText))


def rotate(column: SealedText, *, rows_a_batch: int = ROWS_A_BATCH) -> Iterator[Progress]:
    """Seal a column's values anew, batch by batch; tells after each how far it is.

    What cannot be opened is left as it is: its key may be found again.
    """
    name = f"{column.model._meta.db_table}.{column.column}"
    looked_at = rotated = unreadable = 0
    last: Any = None
    if isinstance(column, SealedBytes):
        rows_a_batch = min(rows_a_batch, FILES_A_BATCH)
    while True:
        with transaction.atomic():
            batch = _read(column, after=last, limit=rows_a_batch)
            old = [(row, bytes(sealed)) for row, sealed in batch if _is_old(sealed)]
            fresh = [(row, sealed, _again(column, sealed, row=row)) for row, sealed in old]
            known = [(row, sealed, new) for row, sealed, new in fresh if new is not None]
            rotated += _write(column, known)
        looked_at += len(batch)
        unreadable += len(fresh) - len(known)
        yield Progress(name, looked_at, rotated, unreadable)
        if len(batch) < rows_a_batch:
            return
        last = batch[-1][0]


def _read(column: SealedText, *, after: Any, limit: int) -> list[tuple[Any, Any]]:
    rows: models.QuerySet[models.Model] = column.model._default_manager.order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.values_list("pk", column.attname)[:limit])


def _is_old(sealed: Any) -> bool:
    if sealed is None:
        return False
    try:
        return crypto.key_id(bytes(sealed)) != keys.ring().current_key_id
    except crypto.DecryptionError:
        return True  # it will not open either, and is counted


def _again(column: SealedText, sealed: bytes, *, row: Any) -> bytes | None:
    context = column.context(row)
    try:
        return keys.ring().encrypt(keys.ring().decrypt(sealed, context=context), context=context)
    except crypto.DecryptionError:
        return None


def _write(column: SealedText, values: list[tuple[Any, bytes, bytes]]) -> int:
    """Replace what is still as it was read; how many."""
    if not values:
        return 0
    table, key, name = (column.model._meta.db_table, column.model._meta.pk, column.column)
    places = ", ".join(["(%s, %s::bytea, %s::bytea)"] * len(values))
    statement = (  # of names in the models alone
        f"UPDATE {table} AS sealed SET {name} = fresh.new"  # noqa: S608
        f" FROM (VALUES {places}) AS fresh (row, old, new)"
        f" WHERE sealed.{key.column} = fresh.row::{key.db_type(connection)}"
        f" AND sealed.{name} = fresh.old"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [part for value in values for part in value])
        return int(cursor.rowcount)
