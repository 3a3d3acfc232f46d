"""Who is missing: gone from the directory, or from the group that a person must be in.

Absence proves little: a wrong base DN, a lost right or half an answer looks like everybody
leaving. So it is guarded: more than so many within a rolling day stop, alert, and wait for a
person's override. What the directory says explicitly (switched off, over) is not judged here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts import audit, people
from accounts.models import Employee, Group, Synchronisation
from accounts.sync.lease import Lease
from hub.lib import logging

log = logging.get(__name__)

_DAY = timedelta(days=1)
_ALWAYS = 3  # a small company has leavers too
_AT_ONCE = 500
_FOR_ABSENCE = (people.ABSENT, people.NOT_ADMITTED)

# UNION, not UNION ALL: a group already visited adds no row, so a circle of groups ends.
_ADMITTED = """
    WITH RECURSIVE inside (id) AS (
        SELECT id FROM accounts_group WHERE lower(name) = lower(%(required)s)
        UNION
        SELECT nesting.child_id FROM accounts_groupnesting AS nesting
        JOIN inside ON nesting.parent_id = inside.id
    )
    SELECT member.employee_id FROM accounts_groupmember AS member
    JOIN inside ON member.group_id = inside.id
"""
_THERE = """EXISTS (SELECT FROM accounts_stagedpresence AS present
    WHERE present.object_guid = employee.object_guid AND NOT present.is_group)"""
_ABSENT = f"FROM accounts_employee AS employee WHERE employee.disabled_at IS NULL AND NOT {_THERE}"
_NOT_ADMITTED = f"""FROM accounts_employee AS employee
    WHERE employee.disabled_at IS NULL AND {_THERE} AND employee.id NOT IN ({_ADMITTED})"""
_STAGED = """(SELECT staged.object_guid FROM accounts_stagedperson AS staged WHERE staged.taken)"""
_NEW = """(SELECT staged.new_id FROM accounts_stagedperson AS staged)"""


@dataclass(frozen=True, slots=True)
class Judged:
    """Who was disabled and enabled again, and who is missing but waits for an override."""

    disabled: int
    enabled: int
    missing: int  # 0 unless stopped
    stopped: bool
    outside: int  # new ones who were forgotten at once, since the required group lacks them


def judge(*, lease: Lease, state: Synchronisation, allowed: bool, now: datetime) -> Judged:
    """Let people back in, then disable the missing unless they are too many."""
    required = settings.DIRECTORY_REQUIRED_GROUP
    enabled, outside = _let_back(lease, required, now=now)
    absent = _count(_ABSENT)
    not_admitted = _count(_NOT_ADMITTED, required=required) if required else 0
    missing = absent + not_admitted
    if not missing:
        return Judged(0, enabled, 0, stopped=False, outside=outside)
    if _too_many(missing, state, now=now) and not allowed:
        log.error("directory_absence_stopped", absent=absent, not_admitted=not_admitted)
        return Judged(0, enabled, missing, stopped=True, outside=outside)
    if allowed:
        with transaction.atomic():
            audit.record(
                now=now, actor=audit.HUB, action="directory_absence_allowed",
                subject_kind="synchronisation", subject_id=state.pk, data={"people": missing},
            )  # fmt: skip
    disabled = _disable(lease, _ABSENT, people.ABSENT, now=now)
    if required:
        disabled += _disable(lease, _NOT_ADMITTED, people.NOT_ADMITTED, now=now, required=required)
    return Judged(disabled, enabled, 0, stopped=False, outside=outside)


def drop_groups(*, lease: Lease) -> int:
    """Forget groups that are gone, unless they are too many; returns how many went."""
    with transaction.atomic():
        lease.assure()
        gone = [
            pk
            for (pk,) in _rows(
                "SELECT id FROM accounts_group AS grp WHERE NOT EXISTS (SELECT FROM"
                " accounts_stagedpresence AS present WHERE present.is_group"
                " AND present.object_guid = grp.object_guid)"
            )
        ]
        there = Group.objects.count()
        if gone and (len(gone) > _limit(there) or len(gone) == there):
            log.error("directory_groups_missing", groups=len(gone))
            return 0
        Group.objects.filter(pk__in=gone).delete()
    return len(gone)


def came_back() -> bool:
    """Whether somebody who was missing is there again, so that everybody must be read."""
    found = (
        f"SELECT 1 FROM accounts_employee AS employee WHERE disabled_reason = 'absent' AND {_THERE}"
    )
    return bool(_rows(f"{found} LIMIT 1"))


def admits_strangers() -> bool:
    """Whether a group that changed has members who are there and whom the hub does not have."""
    return bool(
        settings.DIRECTORY_REQUIRED_GROUP
        and _rows(
            "SELECT 1 FROM accounts_stagedmember AS member JOIN accounts_stagedpresence AS present"
            " ON present.object_guid = member.member_guid AND NOT present.is_group"
            " WHERE NOT EXISTS (SELECT FROM accounts_employee AS employee"
            " WHERE employee.object_guid = member.member_guid) LIMIT 1"
        )
    )


def _let_back(lease: Lease, required: str, *, now: datetime) -> tuple[int, int]:
    inside = f"AND employee.id IN ({_ADMITTED})" if required else ""
    shown = f"employee.object_guid IN {_STAGED}"
    with transaction.atomic():
        lease.assure()
        outside = 0
        if required:
            outside = _admit_new(required)
            # They may come in by the group alone from now on.
            _rows(
                "UPDATE accounts_employee AS employee SET disabled_reason = 'not_admitted'"
                f" WHERE disabled_reason IN ('directory', 'expired') AND {shown}"
                f" AND employee.id NOT IN ({_ADMITTED}) RETURNING id",
                required=required,
            )
            shown = f"({shown} OR employee.disabled_reason = 'not_admitted' AND {_THERE})"
        # There again, but without an id of their own: a change of theirs lets them in.
        _rows(
            "UPDATE accounts_employee AS employee SET disabled_reason = 'directory'"
            f" WHERE disabled_reason = 'absent' AND {_THERE} AND employee.object_guid IN"
            " (SELECT staged.object_guid FROM accounts_stagedperson AS staged"
            " WHERE NOT staged.taken) RETURNING id"
        )
        back = _rows(
            f"SELECT employee.id FROM accounts_employee AS employee WHERE {shown} {inside}"
            " AND employee.disabled_at IS NOT NULL AND employee.disabled_reason = ANY (%(reasons)s)"
            " AND (employee.expires_at IS NULL OR employee.expires_at > %(now)s)"
            " ORDER BY employee.id",
            required=required, reasons=list(people.BY_DIRECTORY), now=now,
        )  # fmt: skip
        for (pk,) in back:
            people.set_enabled(employee_id=pk, actor=audit.HUB, now=now)
    return len(back), outside


def _admit_new(required: str) -> int:
    """Enable the new ones who are inside, and forget the others: they are nobody's employees."""
    _rows(
        "UPDATE accounts_employee AS employee SET disabled_at = NULL, disabled_reason = ''"
        f" WHERE employee.id IN {_NEW} AND employee.id IN ({_ADMITTED}) RETURNING id",
        required=required,
    )
    outside = (
        "SELECT employee.id FROM accounts_employee AS employee"
        f" WHERE employee.id IN {_NEW} AND employee.disabled_reason = 'not_admitted'"
    )
    for statement in (
        f"UPDATE accounts_employee SET manager_id = NULL WHERE manager_id IN ({outside})",
        f"DELETE FROM accounts_groupmember WHERE employee_id IN ({outside})",
    ):
        _rows(f"{statement} RETURNING 1")
    return len(_rows(f"DELETE FROM accounts_employee WHERE id IN ({outside}) RETURNING 1"))


def _disable(lease: Lease, found: str, reason: str, *, now: datetime, **values: str) -> int:
    count = 0
    while True:
        lease.renew()
        with transaction.atomic():
            lease.assure()
            batch = _rows(
                f"SELECT employee.id {found} ORDER BY employee.id LIMIT {_AT_ONCE}", **values
            )
            for (pk,) in batch:
                people.set_disabled(employee_id=pk, reason=reason, actor=audit.HUB, now=now)
        count += len(batch)
        if len(batch) < _AT_ONCE:
            return count


def _too_many(missing: int, state: Synchronisation, *, now: datetime) -> bool:
    there = Employee.objects.filter(disabled_at=None).count()
    since = max(now - _DAY, state.allowed_at or now - _DAY)
    lately = Employee.objects.filter(
        disabled_reason__in=_FOR_ABSENCE, disabled_at__gt=since
    ).count()
    return missing == there or lately + missing > _limit(there + lately)


def _limit(there: int) -> int:
    share = there * settings.DIRECTORY_ABSENT_PERCENT // 100
    return min(settings.DIRECTORY_ABSENT_PEOPLE, max(_ALWAYS, share))


def _count(found: str, **values: str) -> int:
    return int(_rows(f"SELECT count(*) {found}", **values)[0][0])


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
