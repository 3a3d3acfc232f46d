"""What was just read, page by page, into unlogged tables: memory stays flat, merging is sets.

One run at a time owns the tables (accounts.sync.lease); each begins by emptying them.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from accounts import people
from accounts.directory import port
from accounts.models import KeptOut
from accounts.sync.lease import Lease
from hub.lib import ids

_TABLES = (
    "accounts_stagedperson, accounts_stagedpresence, accounts_stagedgroup, accounts_stagedmember"
)
_PERSON = (
    "COPY accounts_stagedperson (new_id, object_guid, manager_guid, employee_id, user_name, mail,"
    " display_name, department, geo, affiliate, title, enabled, expires_at, taken) FROM STDIN"
)
_PRESENCE = "COPY accounts_stagedpresence (object_guid, is_group) FROM STDIN"
_GROUP = "COPY accounts_stagedgroup (new_id, object_guid, name) FROM STDIN"
_MEMBER = "COPY accounts_stagedmember (group_guid, member_guid) FROM STDIN"
_GROUP_NAME_AT_MOST = 256


def empty() -> None:
    """Forget what a former run left."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY")


def read(reading: port.Reading, *, lease: Lease) -> tuple[int, int]:
    """Stage a whole reading: how many people, how many groups. Raises DirectoryUnavailable."""
    read_people = stage_people(reading.people(), all_are_there=reading.is_complete, lease=lease)
    read_groups = _groups(reading.groups(), all_are_there=reading.is_complete, lease=lease)
    if not reading.is_complete:
        for is_group, pages in ((False, reading.present()), (True, reading.present_groups())):
            for page in pages:
                lease.renew()
                _copy(_PRESENCE, ((guid, is_group) for guid in page))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_TABLES}")
    return read_people, read_groups


def stage_people(
    pages: Iterable[Sequence[port.Person]], *, all_are_there: bool, lease: Lease
) -> int:
    """Stage people, but for those who are kept out."""
    kept_out = {bytes(index) for index in KeptOut.objects.values_list("pk", flat=True)}
    count = 0
    for page in pages:
        lease.renew()
        count += len(page)
        _copy(
            _PERSON,
            (
                _person(person)
                for person in page
                if not kept_out or people.guid_index(person.object_guid) not in kept_out
            ),
        )
        if all_are_there:
            _copy(_PRESENCE, ((person.object_guid, False) for person in page))
    return count


def _groups(pages: Iterable[Sequence[port.Piece]], *, all_are_there: bool, lease: Lease) -> int:
    seen: set[uuid.UUID] = set()
    for page in pages:
        lease.renew()
        new = {piece.object_guid: piece for piece in page if piece.object_guid not in seen}
        seen |= new.keys()
        _copy(
            _GROUP,
            ((ids.uuid7(), guid, piece.name[:_GROUP_NAME_AT_MOST]) for guid, piece in new.items()),
        )
        if all_are_there:
            _copy(_PRESENCE, ((guid, True) for guid in new))
        _copy(
            _MEMBER,
            ((piece.object_guid, member) for piece in page for member in piece.member_guids),
        )
    return len(seen)


def _person(person: port.Person) -> tuple[Any, ...]:
    said = people.columns(person)
    return (
        ids.uuid7(), person.object_guid, person.manager_guid, *said.values(), person.enabled,
        person.expires_at, person.enabled and people.can_be_named(person),
    )  # fmt: skip


def _copy(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
