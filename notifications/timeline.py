"""Where the database stands: how far a feed may be read, and which life of it a cursor is of.

Rows carry the id of the transaction that wrote them. Transactions commit out of that order, so a
page ends below `pg_snapshot_xmin`: everything below it has committed or never will, and nothing can
appear behind a cursor any more. An open writer holds the feeds back for its own length, which the
database's time-outs bound. See docs/adr/0006-change-feeds.md.
"""

import uuid

from django.db import connection

from hub.lib import cursors

WINDOW = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::numeric,
       (SELECT system_identifier FROM pg_control_system())::text || '-' ||
       (SELECT timeline_id FROM pg_control_checkpoint())::text
"""
LAST = uuid.UUID(int=2**128 - 1)


def window() -> tuple[int, str]:
    """The transaction id below which all is settled, and the database's epoch."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOW)
        until, epoch = cursor.fetchone() or (0, "")
    return int(until), epoch


def place(cursor: str, *, epoch: str, pointer: str) -> tuple[int, uuid.UUID] | None:
    """The transaction and the row a cursor names; None if it is of another epoch.

    Raises Invalid, with the pointer, for what was not given out as a cursor.
    """
    given, transaction_id, last = cursors.decode(cursor, parts=3, pointer=pointer)
    if not transaction_id.isascii() or not transaction_id.isdigit() or len(transaction_id) > 20:
        raise cursors.bad(pointer)
    try:
        found = int(transaction_id), uuid.UUID(last)
    except ValueError as error:
        raise cursors.bad(pointer) from error
    return found if given == epoch else None
