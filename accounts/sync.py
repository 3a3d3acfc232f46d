"""The walk over the whole directory: people, managers, groups, nesting, memberships.

Each batch is fetched first and then written in a transaction of its own, so that no network
happens inside one; whatever is interrupted is simply walked again. An explicit disable flag
acts at once. Absence ends nothing: a wrong base DN must not switch off the company.
"""

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts import people
from accounts.directory import port
from accounts.models import Employee, Group
from hub.lib import logging

log = logging.get(__name__)

_PEOPLE_A_BATCH = 1000
_GROUPS_A_BATCH = 100
_NAME_AT_MOST = 256


@dataclass(frozen=True, slots=True)
class Summary:
    """What a walk brought. `absent` are enabled employees whom the directory did not mention."""

    people: int
    skipped: int
    disabled: int
    enabled: int
    managers: int
    groups: int
    absent: int


def walk(*, directory: port.Directory, now: datetime) -> Summary:
    """Bring everybody and every group up to date. Raises DirectoryUnavailable, work kept so far."""
    written = skipped = disabled = enabled = managers = 0
    # A manager may come later than their people: these pairs are set at the end.
    waiting: list[tuple[uuid.UUID, uuid.UUID | None]] = []
    for batch in itertools.batched(directory.people(), _PEOPLE_A_BATCH):
        pairs = [(person.object_guid, person.manager_guid) for person in batch]
        with transaction.atomic():
            done = people.upsert_all(people=batch, now=now)
            waiting += _unknown_managers(pairs)
            managers += people.link_managers(pairs=pairs)
        written += done.written
        skipped += done.skipped
        disabled += done.disabled
        enabled += done.enabled
    for pairs_late in itertools.batched(waiting, _PEOPLE_A_BATCH):
        managers += people.link_managers(pairs=pairs_late)
    groups = _walk_groups(directory, now=now)
    absent = Employee.objects.filter(disabled_at=None, seen_in_directory_at__lt=now).count()
    summary = Summary(written, skipped, disabled, enabled, managers, groups, absent)
    log.info("directory_walked", written=written, disabled=disabled, groups=groups, absent=absent)
    return summary


def _unknown_managers(
    pairs: Sequence[tuple[uuid.UUID, uuid.UUID | None]],
) -> list[tuple[uuid.UUID, uuid.UUID | None]]:
    wanted = {manager for _, manager in pairs if manager is not None}
    known = set(
        Employee.objects.filter(object_guid__in=wanted).values_list("object_guid", flat=True)
    )
    return [(guid, manager) for guid, manager in pairs if manager and manager not in known]


def _walk_groups(directory: port.Directory, *, now: datetime) -> int:
    count = 0
    nesting: list[port.Group] = []  # only those that hold groups, which are few
    for batch in itertools.batched(directory.groups(), _GROUPS_A_BATCH):
        with transaction.atomic():
            Group.objects.bulk_create(
                [
                    Group(
                        object_guid=group.object_guid,
                        name=group.name[:_NAME_AT_MOST],
                        seen_in_directory_at=now,
                    )
                    for group in batch
                ],
                update_conflicts=True,
                unique_fields=["object_guid"],
                update_fields=["name", "seen_in_directory_at"],
            )
            for group in batch:
                _set_members(group)
        nesting += [group for group in batch if group.child_guids]
        count += len(batch)
    with transaction.atomic():
        _set_nesting(nesting, now=now)
    return count


def _set_members(group: port.Group) -> None:
    """Make the group's direct members those of the directory whom the hub knows."""
    values: dict[str, Any] = {"group": group.object_guid, "members": list(group.member_guids)}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM accounts_groupmember AS member
            USING accounts_group AS grp, accounts_employee AS employee
            WHERE grp.object_guid = %(group)s AND member.group_id = grp.id
                AND employee.id = member.employee_id
                AND employee.object_guid <> ALL (%(members)s::uuid[])
            """,
            values,
        )
        cursor.execute(
            """
            INSERT INTO accounts_groupmember (group_id, employee_id)
            SELECT grp.id, employee.id FROM accounts_group AS grp, accounts_employee AS employee
            WHERE grp.object_guid = %(group)s
                AND employee.object_guid = ANY (%(members)s::uuid[])
            ON CONFLICT DO NOTHING
            """,
            values,
        )


def _set_nesting(groups: Sequence[port.Group], *, now: datetime) -> None:
    """Make the nesting that of the directory, for every group this walk has seen."""
    pairs = [(group.object_guid, child) for group in groups for child in group.child_guids]
    values: dict[str, Any] = {
        "parents": [parent for parent, _ in pairs],
        "children": [child for _, child in pairs],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH wanted AS (
                SELECT parent.id AS parent_id, child.id AS child_id
                FROM unnest(%(parents)s::uuid[], %(children)s::uuid[]) AS pair (parent, child)
                JOIN accounts_group AS parent ON parent.object_guid = pair.parent
                JOIN accounts_group AS child ON child.object_guid = pair.child
            ), dropped AS (
                DELETE FROM accounts_groupnesting AS nesting
                USING accounts_group AS parent
                WHERE parent.id = nesting.parent_id AND parent.seen_in_directory_at >= %(now)s
                    AND NOT EXISTS (
                        SELECT FROM wanted
                        WHERE wanted.parent_id = nesting.parent_id
                            AND wanted.child_id = nesting.child_id
                    )
            )
            INSERT INTO accounts_groupnesting (parent_id, child_id)
            SELECT parent_id, child_id FROM wanted
            ON CONFLICT DO NOTHING
            """,
            values,
        )
