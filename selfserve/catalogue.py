"""Modules from the employee's side: those whose audience contains them, and nothing of others."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection
from django.db.models import QuerySet

from accounts import audience, subsystems
from accounts.models import Employee
from hub.lib import errors
from selfserve import definition, wording
from selfserve.definition import Definition
from selfserve.models import Icon, Module, ModuleUse

RECENT_AT_MOST = 10
USED = """
INSERT INTO selfserve_moduleuse (employee_id, module_id, used_at) VALUES (%s, %s, %s)
    ON CONFLICT (employee_id, module_id) DO UPDATE SET used_at = EXCLUDED.used_at
"""
Only = Literal["favourites", "recent"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A module as one employee sees it, in their language."""

    module: Module
    definition: Definition
    name: str
    description: str
    favourite: bool = False
    used_at: datetime | None = None


def seen(*, employee_id: uuid.UUID, q: str = "", only: Only | None = None) -> list[Seen]:
    """The modules whose audience contains the employee, by name; recent ones the latest first.

    `q` is looked for in the names and descriptions in every language, and in the keys, without
    regard to case and accents.
    """
    there = list(_there())
    language = _language(employee_id)
    uses = {use.module_id: use for use in ModuleUse.objects.filter(employee_id=employee_id)}
    mine = []
    for module, contains in zip(there, _contain(there, employee_id), strict=True):
        if contains:
            mine.append(_as_seen(module, language=language, use=uses.get(module.pk)))
    if q:
        mine = [one for one in mine if wording.found(q, _words(one))]
    if only == "favourites":
        mine = [one for one in mine if one.favourite]
    if only == "recent":
        used = [one for one in mine if one.used_at is not None]
        return sorted(used, key=lambda one: one.used_at or one.module.proposed_at, reverse=True)[
            :RECENT_AT_MOST
        ]
    return sorted(mine, key=lambda one: (wording.folded(one.name), one.module.key))


def one(*, employee_id: uuid.UUID, key: str) -> Seen:
    """The module of that key, if the employee sees it. Raises NotFound."""
    module = _there().filter(key=key).first()
    if module is None or not _contain([module], employee_id)[0]:
        raise absent()
    use = ModuleUse.objects.filter(employee_id=employee_id, module=module).first()
    return _as_seen(module, language=_language(employee_id), use=use)


def contains(module: Module, *, employee_id: uuid.UUID) -> bool:
    """Whether the employee sees this module now."""
    return one_of(module) is not None and _contain([module], employee_id)[0]


def one_of(module: Module) -> Definition | None:
    """What of a module employees see; None where they see nothing of it."""
    return None if module.shown is None else definition.read(module.shown)


def icon(*, employee_id: uuid.UUID, key: str) -> tuple[str, bytes]:
    """The uploaded icon of a module the employee sees, with its digest. Raises NotFound."""
    found = one(employee_id=employee_id, key=key)
    row = Icon.objects.filter(module=found.module, digest=found.definition.icon).first()
    if row is None:
        raise errors.NotFound("This module has an icon by name.")
    return row.digest, bytes(row.png)


def set_favourite(*, employee_id: uuid.UUID, key: str, favourite: bool, now: datetime) -> None:
    """Make a module a favourite, or no favourite. Raises NotFound for one they do not see."""
    module = one(employee_id=employee_id, key=key).module
    if favourite:
        use, made = ModuleUse.objects.get_or_create(
            employee_id=employee_id, module=module, defaults={"favourite_at": now}
        )
        if not made and use.favourite_at is None:
            ModuleUse.objects.filter(pk=use.pk).update(favourite_at=now)
        return
    rows = ModuleUse.objects.filter(employee_id=employee_id, module=module)
    rows.filter(used_at=None).delete()
    rows.update(favourite_at=None)


def note_use(*, employee_id: uuid.UUID, module: Module, now: datetime) -> None:
    """It is among their recent ones from now on."""
    with connection.cursor() as cursor:
        cursor.execute(USED, [employee_id, module.pk, now])


def absent() -> errors.NotFound:
    """The refusal for a module that is not there, or not there for this employee."""
    return errors.NotFound("There is no such module for you.")


def _there() -> QuerySet[Module]:
    """What somebody may see: a paused sub-system could neither be told nor exchange a code."""
    return Module.objects.filter(
        shown__isnull=False, removed_at=None, subsystem__paused_at=None
    ).select_related("subsystem")


def _contain(modules: Sequence[Module], employee_id: uuid.UUID) -> list[bool]:
    parsed = [
        audience.bounded(
            audience.validate(definition.read(one.shown).audience, pointer="/audience"),
            within=subsystems.within(one.subsystem),
        )
        for one in modules
    ]
    return audience.containing(parsed, employee_id=employee_id)


def _language(employee_id: uuid.UUID) -> str:
    said = Employee.objects.filter(pk=employee_id).values_list("language", flat=True).first()
    return said or wording.DEFAULT


def _as_seen(module: Module, *, language: str, use: ModuleUse | None) -> Seen:
    shown = definition.read(module.shown)
    return Seen(
        module=module,
        definition=shown,
        name=wording.pick(shown.names, language=language),
        description=wording.pick(shown.descriptions, language=language),
        favourite=use is not None and use.favourite_at is not None,
        used_at=None if use is None else use.used_at,
    )


def _words(one: Seen) -> list[str]:
    shown = one.definition
    return [one.module.key, *shown.names.values(), *shown.descriptions.values()]
