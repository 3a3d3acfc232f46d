"""Whom a sub-system, a key of it, and a member of the staff may reach at all.

A ceiling is an audience expression. What is sent under one reaches nobody outside, and whoever is
outside is as unknown to its sender as somebody who is not there. The ceilings are kept with each
notification (`accounts.audience.kept`): a later one changes nothing about what was sent.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audience, audit, rights
from accounts.models import ApiKey, RoleGrant, Staff, Subsystem
from hub.lib import errors

AFFILIATES_AT_MOST = 50
_CHARACTERS_AT_MOST = 128


def set_for_subsystem(
    *, subsystem_id: uuid.UUID, ceiling: Any, actor: audit.Actor, now: datetime
) -> None:
    """Nothing the sub-system sends from now on reaches anybody outside; None: no such limit.

    Raises NotFound, and Invalid for what is no audience.
    """
    _check(ceiling)
    with transaction.atomic():
        if not Subsystem.objects.filter(pk=subsystem_id).update(ceiling=ceiling):
            raise errors.NotFound("There is no such sub-system.")
        _note(actor, "ceiling_set", subsystem_id, now=now, ceiling=ceiling)


def set_for_key(*, key_id: uuid.UUID, ceiling: Any, actor: audit.Actor, now: datetime) -> None:
    """As `set_for_subsystem`, for what is sent with one key."""
    _check(ceiling)
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
        if key is None:
            raise errors.NotFound("There is no such key.")
        ApiKey.objects.filter(pk=key_id).update(ceiling=ceiling)
        _note(actor, "ceiling_set", key.subsystem_id, now=now, ceiling=ceiling, key=str(key_id))


def bind(
    *, subsystem_id: uuid.UUID, affiliates: Sequence[str], actor: audit.Actor, now: datetime
) -> None:
    """Let the sub-system be there for the people of these affiliates; none: for everybody.

    It counts where affiliates are kept apart, and for who of the staff sees the sub-system.
    Raises NotFound and Invalid.
    """
    wanted = sorted(dict.fromkeys(name.strip() for name in affiliates))
    if len(wanted) > AFFILIATES_AT_MOST or not all(
        0 < len(name) <= _CHARACTERS_AT_MOST for name in wanted
    ):
        sentence = f"At most {AFFILIATES_AT_MOST} names of 1 to {_CHARACTERS_AT_MOST} characters."
        flaw = errors.FieldError("/affiliates", "invalid", sentence)
        raise errors.Invalid(sentence, errors=[flaw])
    with transaction.atomic():
        if not Subsystem.objects.filter(pk=subsystem_id).update(affiliates=wanted):
            raise errors.NotFound("There is no such sub-system.")
        _note(actor, "affiliates_bound", subsystem_id, now=now, affiliates=wanted)


def of_staff(*, staff: Staff, subsystem_id: uuid.UUID) -> Any:
    """The ceiling of what this person sends or releases for a sub-system; None: there is none.

    Of several roles that allow it, one without a ceiling counts; else the oldest.
    """
    if rights.may_everything(staff):
        return None
    by_subsystem = Subsystem.objects.filter(pk=subsystem_id)
    reached = rights.of_subsystem("")
    found = [
        grant.ceiling
        for grant in RoleGrant.objects.filter(staff=staff, role__in=rights.SENDING).order_by("pk")
        if by_subsystem.filter(reached(rights.grant_of(grant)) or rights.NONE).exists()
    ]
    return None if not found or None in found else found[0]


def _check(ceiling: Any) -> None:
    if ceiling is not None:
        audience.validate(ceiling, pointer="/ceiling")


def _note(
    actor: audit.Actor, action: str, subsystem_id: uuid.UUID, *, now: datetime, **data: Any
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="subsystem",
        subject_id=subsystem_id,
        data={name: value for name, value in data.items() if value},
    )
