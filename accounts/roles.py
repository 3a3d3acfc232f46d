"""Roles of the staff: given and taken back on the record, by hand or by groups of the directory.

What a role may do is said in `accounts.rights`, and nowhere else.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audience, audit
from accounts.models import Group, GroupRole, RoleGrant, Staff
from hub.lib import errors

Role = RoleGrant.Role


@dataclass(frozen=True, slots=True)
class Terms:
    """A role with its limits. `ceiling`: an audience expression; None: no such limit."""

    role: str
    subsystem_id: uuid.UUID | None = None
    geo: str = ""
    affiliate: str = ""
    ceiling: Any = None


def give(*, staff_id: int, terms: Terms, actor: audit.Actor, now: datetime) -> RoleGrant:
    """Give a role by hand; one that is there already gets the new ceiling.

    Raises NotFound, and Invalid for limits that do not go with the role, for a ceiling that is no
    audience, and where somebody gives a role to themselves.
    """
    check(terms)
    if actor.kind == "staff" and actor.id == str(staff_id):
        raise _invalid("/staff", "oneself", "Nobody gives a role to themselves: ask somebody else.")
    with transaction.atomic():
        if not Staff.objects.filter(pk=staff_id).exists():
            raise errors.NotFound("There is no such member of the staff.")
        return _give(staff_id, terms, source=RoleGrant.Source.HAND, actor=actor, now=now)


def take_back(*, grant_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """End a role that was given by hand; it holds no more from the next request on.

    Raises NotFound, and Invalid for one of the directory's: it ends there, or with its group's.
    """
    with transaction.atomic():
        grant = RoleGrant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None:
            raise errors.NotFound("There is no such role.")
        if grant.source == RoleGrant.Source.DIRECTORY:
            raise errors.Invalid("The directory gave this role: take the person from the group.")
        _take_back(grant, actor=actor, now=now)


def map_group(*, group: str, terms: Terms, actor: audit.Actor, now: datetime) -> GroupRole:
    """From their next sign-in on, give members of the group of that name this role.

    Raises Invalid as `give`, for an unknown group, and for one that is mapped like this already.
    """
    check(terms)
    found = list(Group.objects.filter(name__iexact=group)[:2])
    if len(found) != 1:
        sentence = "Several groups have this name." if found else "The hub knows no such group."
        raise _invalid("/group", "unknown", sentence)
    with transaction.atomic():
        row, made = GroupRole.objects.get_or_create(
            group_guid=found[0].object_guid,
            **_limits(terms),
            defaults={"group_name": found[0].name, "ceiling": terms.ceiling},
        )
        if not made:
            raise _invalid("/group", "taken", "This group gives that role already.")
        _note(actor, "group_role_mapped", "group_role", row.pk, terms, now=now, group=found[0].name)
    return row


def unmap_group(*, group_role_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Let a group give that role no more, and end it for everybody who has it from there only.

    Raises NotFound.
    """
    with transaction.atomic():
        row = GroupRole.objects.select_for_update().filter(pk=group_role_id).first()
        if row is None:
            raise errors.NotFound("There is no such mapping.")
        terms = _terms(row)
        row.delete()
        _note(actor, "group_role_unmapped", "group_role", group_role_id, terms, now=now)
        if GroupRole.objects.filter(**_limits(terms)).exists():
            return  # another group gives the same: the next sign-in tells whose it still is
        for grant in RoleGrant.objects.filter(
            source=RoleGrant.Source.DIRECTORY, **_limits(terms)
        ).select_for_update():
            _take_back(grant, actor=actor, now=now)


def from_directory(*, staff: Staff, groups: Collection[uuid.UUID], now: datetime) -> None:
    """Let the roles that `staff` has from the directory be those of these groups, and no others.

    `groups` are the objectGUIDs of all groups the person is in, nested ones included, as the
    directory has them at this sign-in. Roles given by hand stay as they are.
    """
    with transaction.atomic():
        Staff.objects.select_for_update().get(
            pk=staff.pk
        )  # two sign-ins at once: one after another
        # Where several groups give the same role, the one without a ceiling, or the oldest, counts.
        mapped = GroupRole.objects.filter(group_guid__in=groups).order_by("-pk")
        said = {_key(_terms(row)): _terms(row) for row in mapped}
        said |= {_key(_terms(row)): _terms(row) for row in mapped if row.ceiling is None}
        present = RoleGrant.objects.filter(staff=staff, source=RoleGrant.Source.DIRECTORY)
        for grant in list(present):
            if _key(_terms(grant)) not in said:
                _take_back(grant, actor=audit.HUB, now=now)
        for terms in said.values():
            _give(staff.pk, terms, source=RoleGrant.Source.DIRECTORY, actor=audit.HUB, now=now)


def check(terms: Terms) -> None:
    """Raises Invalid for a role whose limits do not go with it, or whose ceiling is no audience."""
    if terms.role not in Role.values:
        raise _invalid("/role", "unknown", "There is no such role.")
    if terms.role in RoleGrant.OF_A_SUBSYSTEM and terms.subsystem_id is None:
        raise _invalid("/subsystem", "required", "This is a role of one sub-system: choose it.")
    if terms.role in RoleGrant.OF_PEOPLE and terms.subsystem_id is not None:
        raise _invalid("/subsystem", "not_here", "This role is not of one sub-system.")
    if terms.subsystem_id is not None and (terms.geo or terms.affiliate):
        pointer = "/geo" if terms.geo else "/affiliate"
        raise _invalid(pointer, "not_here", "A sub-system's role is limited by its ceiling only.")
    if terms.ceiling is not None:
        audience.validate(terms.ceiling, pointer="/ceiling")


def _give(
    staff_id: int, terms: Terms, *, source: str, actor: audit.Actor, now: datetime
) -> RoleGrant:
    grant, made = RoleGrant.objects.get_or_create(
        staff_id=staff_id,
        source=source,
        **_limits(terms),
        defaults={
            "ceiling": terms.ceiling,
            "given_at": now,
            "given_by": actor.id if actor.kind == "staff" else "",
        },
    )
    if not made and grant.ceiling == terms.ceiling:
        return grant
    if not made:
        grant.ceiling = terms.ceiling
        grant.save(update_fields=["ceiling"])
    action = "role_given" if made else "role_changed"
    _note(actor, action, "staff", staff_id, terms, now=now, source=source)
    return grant


def _take_back(grant: RoleGrant, *, actor: audit.Actor, now: datetime) -> None:
    terms, source = _terms(grant), grant.source
    grant.delete()
    _note(actor, "role_taken_back", "staff", grant.staff_id, terms, now=now, source=source)


def _terms(row: RoleGrant | GroupRole) -> Terms:
    return Terms(row.role, row.subsystem_id, row.geo, row.affiliate, row.ceiling)


def _limits(terms: Terms) -> dict[str, Any]:
    return {
        "role": terms.role,
        "subsystem_id": terms.subsystem_id,
        "geo": terms.geo,
        "affiliate": terms.affiliate,
    }


def _key(terms: Terms) -> tuple[object, ...]:
    return tuple(_limits(terms).values())


def _note(
    actor: audit.Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    terms: Terms,
    *,
    now: datetime,
    **data: str,
) -> None:
    subsystem = None if terms.subsystem_id is None else str(terms.subsystem_id)
    said = {**_limits(terms), "subsystem_id": subsystem, "ceiling": terms.ceiling, **data}
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        data={name: value for name, value in said.items() if value},
    )


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
