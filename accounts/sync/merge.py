"""The hub's rows follow what was staged: sets, in batches, each a transaction under the lease.

Only rows that differ are written, so a run without changes costs reading alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts import audit, people
from accounts.models import StagedGroup, StagedPerson
from accounts.sync.lease import Lease
from hub.lib import logging

log = logging.get(__name__)

PEOPLE_A_BATCH = 5_000
GROUPS_A_BATCH = 250
_NOTE_SEEN_EVERY = timedelta(days=1)

# Somebody who changed between two pages came twice: the later word counts.
_ONCE = """
    DELETE FROM accounts_stagedperson AS staged USING accounts_stagedperson AS later
    WHERE later.object_guid = staged.object_guid AND later.id > staged.id
"""
# Of several who claim an employee id, its holder keeps it, else the first one gets it.
_RIVALS = """
    UPDATE accounts_stagedperson AS staged SET taken = false
    FROM (
        SELECT rival.id, row_number() OVER (
            PARTITION BY rival.employee_id ORDER BY holder.id IS NULL, rival.id) AS place
        FROM accounts_stagedperson AS rival
        LEFT JOIN accounts_employee AS holder ON holder.employee_id = rival.employee_id
            AND holder.object_guid = rival.object_guid
        WHERE rival.taken
    ) AS ranked
    WHERE ranked.id = staged.id AND ranked.place > 1
"""
# A holder of whom nothing new was said, and who is still there, keeps it as well.
_HOLDERS = """
    UPDATE accounts_stagedperson AS staged SET taken = false
    FROM accounts_employee AS holder
    WHERE staged.taken AND holder.employee_id = staged.employee_id
        AND holder.object_guid <> staged.object_guid AND holder.disabled_at IS NULL
        AND NOT EXISTS (
            SELECT FROM accounts_stagedperson AS other
            WHERE other.object_guid = holder.object_guid
        )
        AND (NOT %(listed)s OR EXISTS (
            SELECT FROM accounts_stagedpresence AS present
            WHERE present.object_guid = holder.object_guid
        ))
"""
_BATCH = "staged.id >= %(first)s AND staged.id < %(end)s"
_FREE_IDS = f"""
    UPDATE accounts_employee AS holder SET employee_id = 'former:' || holder.id
    FROM accounts_stagedperson AS staged
    WHERE {_BATCH} AND staged.taken AND holder.employee_id = staged.employee_id
        AND holder.object_guid <> staged.object_guid
    RETURNING holder.id
"""
_COPIED = (*people.COPIED, "expires_at")
_FEED = """LEFT JOIN accounts_feedrecord AS feed
    ON feed.employee_id = staged.employee_id AND feed.gone_at IS NULL"""


def _said(column: str) -> str:
    """The value of a column by the two sources; `%(wins)s` are those where the feed comes first."""
    if column not in people.BY_FEED:
        return f"staged.{column}"
    return (
        f"CASE WHEN '{column}' = ANY (%(wins)s)"
        f" THEN COALESCE(NULLIF(feed.{column}, ''), staged.{column})"
        f" ELSE COALESCE(NULLIF(staged.{column}, ''), feed.{column}, '') END"
    )


# An inserted row has no xmax; one that was updated had to be locked first.
# Of department, geo and title the feed's word counts before or after the directory's; language
# and time zone only the feed has.
_UPSERT = f"""
    INSERT INTO accounts_employee AS employee (
        id, object_guid, {", ".join(_COPIED)}, language, time_zone, seen_in_directory_at,
        disabled_at, disabled_reason)
    SELECT staged.new_id, staged.object_guid, {", ".join(map(_said, _COPIED))},
        COALESCE(feed.language, ''), COALESCE(feed.time_zone, ''), %(now)s, %(new_disabled_at)s,
        %(new_reason)s
    FROM accounts_stagedperson AS staged {_FEED} WHERE {_BATCH} AND staged.taken
    ON CONFLICT (object_guid) DO UPDATE SET
        {", ".join(f"{column} = EXCLUDED.{column}" for column in _COPIED)},
        language = COALESCE(NULLIF(EXCLUDED.language, ''), employee.language),
        time_zone = COALESCE(NULLIF(EXCLUDED.time_zone, ''), employee.time_zone),
        seen_in_directory_at = EXCLUDED.seen_in_directory_at
    WHERE ({", ".join(f"employee.{column}" for column in _COPIED)})
            IS DISTINCT FROM ({", ".join(f"EXCLUDED.{column}" for column in _COPIED)})
        OR EXCLUDED.language NOT IN ('', employee.language)
        OR EXCLUDED.time_zone NOT IN ('', employee.time_zone)
        OR employee.seen_in_directory_at < %(seen_before)s
    RETURNING employee.xmax = 0
"""
_SWITCHED_OFF = f"""
    SELECT employee.id FROM accounts_stagedperson AS staged
    JOIN accounts_employee AS employee ON employee.object_guid = staged.object_guid
    WHERE {_BATCH} AND NOT staged.enabled AND employee.disabled_at IS NULL ORDER BY employee.id
"""
# Switched off is the stronger word: neither coming back nor a group enables such an account.
_OFF_ALREADY = f"""
    UPDATE accounts_employee AS employee SET disabled_reason = 'directory'
    FROM accounts_stagedperson AS staged
    WHERE {_BATCH} AND NOT staged.enabled AND employee.object_guid = staged.object_guid
        AND employee.disabled_reason IN ('absent', 'not_admitted')
"""
_MANAGERS = f"""
    UPDATE accounts_employee AS employee SET manager_id = found.manager_id
    FROM (
        SELECT staged.object_guid, CASE WHEN 'manager' = ANY (%(wins)s)
            THEN COALESCE(named.id, linked.id) ELSE COALESCE(linked.id, named.id) END AS manager_id
        FROM accounts_stagedperson AS staged {_FEED}
        LEFT JOIN accounts_employee AS linked ON linked.object_guid = staged.manager_guid
            AND staged.manager_guid <> staged.object_guid
        LEFT JOIN accounts_employee AS named ON named.employee_id = feed.manager
            AND feed.manager <> staged.employee_id
        WHERE {_BATCH} AND staged.taken
    ) AS found
    WHERE employee.object_guid = found.object_guid
        AND employee.manager_id IS DISTINCT FROM found.manager_id
"""
_GROUPS = f"""
    INSERT INTO accounts_group AS grp (id, object_guid, name, seen_in_directory_at)
    SELECT new_id, object_guid, name, %(now)s FROM accounts_stagedgroup AS staged WHERE {_BATCH}
    ON CONFLICT (object_guid) DO UPDATE SET
        name = EXCLUDED.name, seen_in_directory_at = EXCLUDED.seen_in_directory_at
    WHERE grp.name <> EXCLUDED.name OR grp.seen_in_directory_at < %(seen_before)s
"""


def _links(table: str, column: str, target: str, parent: str) -> tuple[str, str]:
    """Statements that drop and add the members, or the groups inside, of a batch of groups."""
    wanted = f"""
        SELECT grp.id AS parent, {target}.id AS child FROM accounts_stagedgroup AS staged
        JOIN accounts_group AS grp ON grp.object_guid = staged.object_guid
        JOIN accounts_stagedmember AS member ON member.group_guid = staged.object_guid
        JOIN {target} ON {target}.object_guid = member.member_guid
        WHERE {_BATCH}
    """
    drop = f"""
        WITH wanted AS ({wanted})
        DELETE FROM {table} AS link USING accounts_stagedgroup AS staged, accounts_group AS grp
        WHERE {_BATCH} AND grp.object_guid = staged.object_guid AND link.{parent} = grp.id
            AND NOT EXISTS (
                SELECT FROM wanted
                WHERE wanted.parent = link.{parent} AND wanted.child = link.{column})
    """
    add = f"INSERT INTO {table} ({parent}, {column}) {wanted} ON CONFLICT DO NOTHING"
    return drop, add


_MEMBERS = _links("accounts_groupmember", "employee_id", "accounts_employee", "group_id")
_NESTING = _links("accounts_groupnesting", "child_id", "accounts_group", "parent_id")


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging people did."""

    new: int
    changed: int
    skipped: int
    disabled: int
    managers: int


def merge_people(*, lease: Lease, listed: bool, held_back: bool, now: datetime) -> Merged:
    """Bring the staged people in, disable those who are switched off, link managers.

    `listed`: the presences are staged, so who is not among them is gone. `held_back`: new people
    are disabled as not admitted until the required group says otherwise.
    """
    new = changed = disabled = managers = 0
    with transaction.atomic():
        lease.assure()
        _run(_ONCE)
        rivals = _run(_RIVALS) + _run(_HOLDERS, listed=listed)
        if rivals:
            log.error("employee_id_twice_in_directory", people=rivals)
        skipped = StagedPerson.objects.filter(enabled=True, taken=False).count()
    facts = {
        "now": now,
        "seen_before": now - _NOTE_SEEN_EVERY,
        "new_disabled_at": now if held_back else None,
        "new_reason": people.NOT_ADMITTED if held_back else "",
        "wins": list(settings.EMPLOYEE_FEED_WINS),
    }
    for batch in _batches(StagedPerson, PEOPLE_A_BATCH, lease):
        with transaction.atomic():
            lease.assure()
            people.one_at_a_time()
            for (pk,) in _rows(_FREE_IDS, **batch):
                people.note_id_moved(pk, now=now)
            written = _rows(_UPSERT, **batch, **facts)
            inserted = sum(is_new for (is_new,) in written)
            new, changed = new + inserted, changed + len(written) - inserted
            _run(_OFF_ALREADY, **batch)
            disabled += sum(
                people.set_disabled(
                    employee_id=pk, reason=people.SWITCHED_OFF, actor=audit.HUB, now=now
                )
                for (pk,) in _rows(_SWITCHED_OFF, **batch)
            )
    # A manager may come later than their people.
    for batch in _batches(StagedPerson, PEOPLE_A_BATCH, lease):
        with transaction.atomic():
            lease.assure()
            managers += _run(_MANAGERS, **batch, wins=facts["wins"])
    return Merged(new, changed, skipped, disabled, managers)


def merge_groups(*, lease: Lease, now: datetime) -> None:
    """Bring the staged groups in, then who and what is in them."""
    facts = {"now": now, "seen_before": now - _NOTE_SEEN_EVERY}
    for batch in _batches(StagedGroup, GROUPS_A_BATCH, lease):
        with transaction.atomic():
            lease.assure()
            _run(_GROUPS, **batch, **facts)
    for batch in _batches(StagedGroup, GROUPS_A_BATCH, lease):
        with transaction.atomic():
            lease.assure()
            for statement in (*_MEMBERS, *_NESTING):
                _run(statement, **batch)


def strangers() -> int:
    """How many people the directory shows whom the hub does not have."""
    return int(
        _rows(
            "SELECT count(*) FROM accounts_stagedpresence AS present WHERE NOT is_group"
            " AND NOT EXISTS (SELECT FROM accounts_employee AS employee"
            " WHERE employee.object_guid = present.object_guid)"
        )[0][0]
    )


def _batches(model: type[Any], size: int, lease: Lease) -> Iterator[dict[str, int]]:
    """The ranges of ids that cover the table."""
    first = model.objects.order_by("id").values_list("id", flat=True).first()
    last = model.objects.order_by("-id").values_list("id", flat=True).first()
    for start in range(first or 0, (last or -1) + 1, size):
        lease.renew()
        yield {"first": start, "end": start + size}


def _run(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
