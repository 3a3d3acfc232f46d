"""Employees as the directory has them: identity is the objectGUID, every name may change."""

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import connection, models, transaction

from accounts import audit, devices, refusals
from accounts.directory.port import Person
from accounts.models import Device, Employee, FeedRecord, KeptOut
from hub.lib import keys, logging

log = logging.get(__name__)

# Why somebody is disabled, where the directory was the reason; only these the directory undoes.
SWITCHED_OFF, EXPIRED, ABSENT, NOT_ADMITTED = "directory", "expired", "absent", "not_admitted"
BY_DIRECTORY = frozenset(
    {SWITCHED_OFF, EXPIRED, ABSENT, NOT_ADMITTED, ""}
)  # "": before it was kept
_UPSERT_LOCK = 0x68756202  # names move between rows: one writer of them at a time
_NOTE_SEEN_EVERY = timedelta(minutes=5)
_ID_AT_MOST = 64  # characters; a longer one is not cut, or it might become somebody else's
# Called alike in the directory's person and in the employee.
BY_FEED = frozenset({"department", "geo", "affiliate", "title"})  # the feed may know it better
COPIED = (
    "employee_id", "user_name", "mail", "display_name", "department", "geo", "affiliate",
    "title",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upserted:
    """What a batch did. `skipped` are people without an employee id of their own."""

    written: int
    skipped: int
    disabled: int
    enabled: int


def upsert(*, person: Person, now: datetime) -> Employee:
    """The employee this person is, brought up to date, with the manager if the hub knows them.

    A person who is switched off in the directory is disabled. Raises NotAnEmployee if the
    directory gives no employee id, or if the person is kept out.
    """
    person = _with_feed(person)
    known = (
        Employee.objects.select_related("manager").filter(object_guid=person.object_guid).first()
    )
    if known is None or not _is_current(known, person, now=now):
        if KeptOut.objects.filter(pk=guid_index(person.object_guid)).exists():
            raise refusals.NotAnEmployee
        with transaction.atomic():
            upsert_all(people=[person], now=now)
            link_managers(pairs=[(person.object_guid, person.manager_guid)])
        known = Employee.objects.filter(object_guid=person.object_guid).first()
    if known is None:
        raise refusals.NotAnEmployee
    return known


def upsert_all(*, people: Sequence[Person], now: datetime) -> Upserted:
    """Bring a batch up to date, in one transaction and a handful of statements.

    `now` is the start of the walk the batch belongs to. An employee id that has passed to another
    person leaves its former holder; one that two people have in the same walk stays with the
    first. People who are switched off are disabled, and never added, and claim no id: after a
    rehire the old account may still carry it. Managers are set by `link_managers`.
    """
    with transaction.atomic():
        one_at_a_time()
        claims = _claims([person for person in people if person.enabled], now=now)
        off = {person.object_guid for person in people if not person.enabled}
        back = list(
            Employee.objects.filter(
                object_guid__in=claims, disabled_at__isnull=False, disabled_reason__in=BY_DIRECTORY
            ).values_list("pk", flat=True)
        )
        _free_ids(claims, now=now)
        Employee.objects.bulk_create(
            [
                Employee(
                    object_guid=guid,
                    seen_in_directory_at=now,
                    expires_at=person.expires_at,
                    **columns(person),
                )
                for guid, person in claims.items()
            ],
            update_conflicts=True,
            unique_fields=["object_guid"],
            update_fields=[*COPIED, "expires_at", "seen_in_directory_at"],
        )
        Employee.objects.filter(object_guid__in=off).update(seen_in_directory_at=now)
        gone = Employee.objects.filter(object_guid__in=off, disabled_at=None)
        disabled = sum(
            set_disabled(employee_id=pk, reason=SWITCHED_OFF, actor=audit.HUB, now=now)
            for pk in list(gone.order_by("pk").values_list("pk", flat=True))
        )
        enabled = sum(set_enabled(employee_id=pk, actor=audit.HUB, now=now) for pk in back)
    skipped = len(people) - len(claims) - len(off)
    return Upserted(len(claims), skipped, disabled, enabled)


def link_managers(*, pairs: Sequence[tuple[uuid.UUID, uuid.UUID | None]]) -> int:
    """Set the managers of these people (guid, manager's guid); returns how many changed.

    A manager whom the hub does not know, or who is the person, counts as none.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_employee AS employee SET manager_id = manager.id
            FROM unnest(%s::uuid[], %s::uuid[]) AS pair (guid, manager_guid)
            LEFT JOIN accounts_employee AS manager ON manager.object_guid = pair.manager_guid
                AND pair.manager_guid <> pair.guid
            WHERE employee.object_guid = pair.guid
                AND employee.manager_id IS DISTINCT FROM manager.id
            """,
            [[guid for guid, _ in pairs], [manager for _, manager in pairs]],
        )
        return int(cursor.rowcount)


def set_disabled(*, employee_id: uuid.UUID, reason: str, actor: audit.Actor, now: datetime) -> bool:
    """Refuse the employee from now on, end their sessions, forget their push addresses: at once.

    Returns False, with nothing done, if they were disabled already.
    """
    with transaction.atomic():
        enabled = Employee.objects.filter(pk=employee_id, disabled_at=None)
        if not enabled.update(disabled_at=now, disabled_reason=reason):
            return False
        devices.close_all(
            employee_id=employee_id,
            reason=Device.ClosedReason.ACCOUNT_DISABLED,
            actor=actor,
            now=now,
        )
        _note(actor, "employee_disabled", employee_id, now=now, reason=reason)
    return True


def set_enabled(*, employee_id: uuid.UUID, actor: audit.Actor, now: datetime) -> bool:
    """Undo `set_disabled`; ended sessions stay ended. Returns False if there is nothing to undo."""
    with transaction.atomic():
        disabled = Employee.objects.filter(pk=employee_id, disabled_at__isnull=False)
        if not disabled.update(disabled_at=None, disabled_reason=""):
            return False
        _note(actor, "employee_enabled", employee_id, now=now)
    return True


def end_expired(*, now: datetime) -> int:
    """Disable everybody whose account is past its last moment; returns how many.

    No change at the directory tells of it: the moment was known all along.
    """
    over = Employee.objects.filter(disabled_at=None, expires_at__lte=now).order_by("pk")
    return sum(
        set_disabled(employee_id=pk, reason=EXPIRED, actor=audit.HUB, now=now)
        for pk in list(over.values_list("pk", flat=True))
    )


def keep_out(*, employee_id: uuid.UUID, reason: str, actor: audit.Actor, now: datetime) -> None:
    """Disable somebody for good: the directory, which may still have them, brings nobody back.

    `reason` is one of KeptOut.Reason.
    """
    with transaction.atomic():
        employee = Employee.objects.get(pk=employee_id)
        KeptOut.objects.get_or_create(
            guid_index=guid_index(employee.object_guid), defaults={"reason": reason, "since": now}
        )
        if not set_disabled(employee_id=employee_id, reason=reason, actor=actor, now=now):
            Employee.objects.filter(pk=employee_id).update(disabled_reason=reason)


def guid_index(object_guid: uuid.UUID) -> bytes:
    """By what a person who is kept out is recognised."""
    return keys.ring().blind_index(object_guid.bytes, purpose="kept-out")


def can_be_named(person: Person) -> bool:
    """Whether the directory gives an employee id that the hub can hold, and a name to sign in."""
    return 0 < len(person.employee_id) <= _ID_AT_MOST and bool(person.user_name)


def one_at_a_time() -> None:
    """Wait, until the transaction ends, for whoever else moves names between rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_UPSERT_LOCK])


def note_id_moved(employee_id: uuid.UUID, *, now: datetime) -> None:
    """Audit that an employee id went from this former holder to somebody else."""
    _note(audit.HUB, "employee_id_moved", employee_id, now=now)


def _is_current(known: Employee, person: Person, *, now: datetime) -> bool:
    """Whether nothing needs to be written: most sign-ins find the person as they left them."""
    manager_guid = known.manager.object_guid if known.manager else None
    return (
        all(getattr(known, column) == value for column, value in columns(person).items())
        and manager_guid == person.manager_guid
        and (known.disabled_at is None) == person.enabled
        and known.expires_at == person.expires_at
        and now - known.seen_in_directory_at < _NOTE_SEEN_EVERY
    )


def _with_feed(person: Person) -> Person:
    """The person with what the employee database says, where that counts."""
    found = FeedRecord.objects.filter(pk=person.employee_id, gone_at=None)
    record = found.first() if settings.EMPLOYEE_FEED else None
    if record is None:
        return person
    said = {
        fact: value
        for fact in BY_FEED
        if (value := getattr(record, fact))
        and (fact in settings.EMPLOYEE_FEED_WINS or not getattr(person, fact))
    }
    manager = Employee.objects.filter(employee_id=record.manager).exclude(
        object_guid=person.object_guid
    )
    wanted = "manager" in settings.EMPLOYEE_FEED_WINS or person.manager_guid is None
    guid = manager.values_list("object_guid", flat=True).first() if wanted else None
    return dataclasses.replace(person, **said, manager_guid=guid or person.manager_guid)


def columns(person: Person) -> dict[str, str]:
    """What is taken over, cut to what the columns hold: a long title must not stop a walk."""
    return {column: getattr(person, column)[: _longest(column)] for column in COPIED}


def _longest(column: str) -> int | None:
    return cast("models.CharField[str, str]", Employee._meta.get_field(column)).max_length


def _claims(people: Iterable[Person], *, now: datetime) -> dict[uuid.UUID, Person]:
    """The people by guid, without those who have no employee id or whose id is another's.

    Another's: of somebody earlier in the batch, or of somebody whom this walk has confirmed.
    """
    claims: dict[uuid.UUID, Person] = {}
    ids: dict[str, uuid.UUID] = {}
    for person in people:
        if not can_be_named(person):
            continue
        if ids.setdefault(person.employee_id, person.object_guid) == person.object_guid:
            claims[person.object_guid] = person
    confirmed = Employee.objects.filter(
        employee_id__in=ids, seen_in_directory_at__gte=now, disabled_at=None
    ).values_list("employee_id", "object_guid")
    for employee_id, holder in confirmed:
        if holder != ids[employee_id]:
            log.error("employee_id_twice_in_directory", holder=str(holder))
            del claims[ids[employee_id]]
    return claims


def _free_ids(claims: dict[uuid.UUID, Person], *, now: datetime) -> None:
    """Take an employee id from its former holder, whose own row follows when they are seen next."""
    ids = {person.employee_id: guid for guid, person in claims.items()}
    for holder in Employee.objects.filter(employee_id__in=ids):
        if holder.object_guid != ids[holder.employee_id]:
            Employee.objects.filter(pk=holder.pk).update(employee_id=f"former:{holder.pk}")
            note_id_moved(holder.pk, now=now)


def _note(
    actor: audit.Actor, action: str, employee_id: uuid.UUID, *, now: datetime, **data: str
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="employee",
        subject_id=employee_id,
        data=data,
    )
