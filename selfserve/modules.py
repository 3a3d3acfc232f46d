"""Modules from the side of those who offer them: proposed, approved, declined, removed."""

import hashlib
import re
import uuid
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import ApiKey, Subsystem
from accounts.subsystems import Caller
from hub.lib import errors
from notifications.categories import LiveKeyNeeded
from selfserve import definition, places, png
from selfserve.definition import Definition
from selfserve.models import Icon, Module, ModuleUse

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TAKEN_BY_ADDRESSES = frozenset({"exchange"})  # /modules/exchange is a door of its own
AT_MOST = 100  # of one sub-system, removed ones included


def one(*, caller: Caller, key: str) -> Module:
    """The caller's module of that key, a removed one too. Raises NotFound and LiveKeyNeeded."""
    _live(caller)
    module = Module.objects.filter(subsystem_id=caller.subsystem_id, key=key).first()
    if module is None:
        raise errors.NotFound("There is no such module of your sub-system.")
    return module


def put(
    *, caller: Caller, key: str, wanted: Definition, picture: bytes | None, now: datetime
) -> tuple[Module, bool]:
    """Propose a module of the caller; whether it is new. It shows once it is approved.

    What employees see stays as it is meanwhile; proposing what they see already drops a proposal
    that waits. Call it outside of a transaction: the address may have to be looked up. Raises
    LiveKeyNeeded for a test key, and Invalid.
    """
    _live(caller)
    check(wanted, subsystem_id=caller.subsystem_id)
    actor = audit.Actor("subsystem", str(caller.subsystem_id))
    with transaction.atomic():
        return _propose(
            subsystem_id=caller.subsystem_id,
            key=key,
            wanted=wanted,
            picture=picture,
            actor=actor,
            now=now,
        )


def register(
    *,
    subsystem_id: uuid.UUID,
    key: str,
    wanted: Definition,
    actor: audit.Actor,
    now: datetime,
) -> Module:
    """Propose and approve a module at once, as staff do. Raises NotFound, and Invalid as `put`."""
    if not Subsystem.objects.filter(pk=subsystem_id).exists():
        raise errors.NotFound("There is no such sub-system.")
    check(wanted, subsystem_id=subsystem_id)
    with transaction.atomic():
        module, _ = _propose(
            subsystem_id=subsystem_id, key=key, wanted=wanted, picture=None, actor=actor, now=now
        )
        if module.proposed is not None:
            _show(module, actor=actor, now=now)
    return module


def approve(*, module_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Show employees what is proposed. Raises NotFound, and Invalid as `put` does.

    Where it leads is judged again: what is allowed may have changed since it was proposed.
    """
    waiting = _waiting(module_id)
    check(definition.read(waiting.proposed), subsystem_id=waiting.subsystem_id)
    with transaction.atomic():
        module = _waiting(module_id, locked=True)
        if module.proposed != waiting.proposed:
            raise errors.Invalid("It was proposed otherwise meanwhile: look at it again.")
        _show(module, actor=actor, now=now)


def decline(*, module_id: uuid.UUID, reason: str, actor: audit.Actor, now: datetime) -> None:
    """Drop what is proposed; its sub-system reads the reason. Raises NotFound."""
    with transaction.atomic():
        module = _waiting(module_id, locked=True)
        module.proposed, module.declined_reason = None, reason
        module.save(update_fields=["proposed", "declined_reason"])
        _note(module, "module_declined", actor=actor, now=now, reason=reason)


def remove(*, caller: Caller, key: str, now: datetime) -> None:
    """Take one of the caller's modules away from employees. Raises NotFound and LiveKeyNeeded."""
    module = one(caller=caller, key=key)
    take_away(
        module_id=module.pk, actor=audit.Actor("subsystem", str(caller.subsystem_id)), now=now
    )


def take_away(*, module_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Nobody sees, opens or fills in the module any more; a second time changes nothing.

    What was handed in stays. Favourites go.
    """
    with transaction.atomic():
        module = Module.objects.select_for_update().get(pk=module_id)
        if module.removed_at is None:
            module.removed_at, module.shown, module.proposed = now, None, None
            module.save(update_fields=["removed_at", "shown", "proposed"])
            ModuleUse.objects.filter(module=module).delete()
            _note(module, "module_removed", actor=actor, now=now)


def check(wanted: Definition, *, subsystem_id: uuid.UUID) -> None:
    """Raise Invalid for a definition that makes no sense, or leads where it may not."""
    definition.check(wanted)
    if wanted.address:
        places.check(wanted.address, allowed=places.of(subsystem_id=subsystem_id))


def _propose(
    *,
    subsystem_id: uuid.UUID,
    key: str,
    wanted: Definition,
    picture: bytes | None,
    actor: audit.Actor,
    now: datetime,
) -> tuple[Module, bool]:
    if not _KEY.fullmatch(key) or key in _TAKEN_BY_ADDRESSES:
        sentence = "A key has lower-case letters, digits, dashes and underscores."
        raise _invalid("/key", "bad_key", sentence)
    # The sub-system's row is the lock, or two new modules at once would pass its limit.
    Subsystem.objects.select_for_update(no_key=True).get(pk=subsystem_id)
    module, made = Module.objects.get_or_create(
        key=key, defaults={"subsystem_id": subsystem_id, "proposed_at": now}
    )
    if module.subsystem_id != subsystem_id:
        raise _invalid("/key", "taken", "Another module has this key: choose another.")
    if made and Module.objects.filter(subsystem_id=subsystem_id).count() > AT_MOST:
        raise _invalid("/key", "too_many", f"A sub-system has at most {AT_MOST} modules.")
    if picture is not None:
        wanted = replace(wanted, icon=_keep(picture, module=module))
    kept = wanted.kept()
    before = module.proposed
    module.proposed = None if kept == module.shown else kept
    if module.proposed != before:
        module.proposed_at, module.declined_reason, module.removed_at = now, "", None
        module.save()
        # Without the audience: it may name people, and the log is for good.
        said = {name: kept[name] for name in ("address", "opens", "permissions", "claims")}
        _note(module, "module_proposed", actor=actor, now=now, **said)
    return module, made


def _keep(picture: bytes, *, module: Module) -> str:
    try:
        clean = png.cleaned(picture)
    except png.NoPicture as flaw:
        raise _invalid("/icon/png", "no_picture", str(flaw)) from None
    digest = hashlib.sha256(clean).hexdigest()
    Icon.objects.get_or_create(module=module, digest=digest, defaults={"png": clean})
    in_use = {digest, *(one["icon"] for one in (module.shown, module.proposed) if one)}
    Icon.objects.filter(module=module).exclude(digest__in=in_use).delete()
    return digest


def _waiting(module_id: uuid.UUID, *, locked: bool = False) -> Module:
    rows = Module.objects.select_for_update() if locked else Module.objects
    module = rows.filter(pk=module_id).first()
    if module is None or module.proposed is None:
        raise errors.NotFound("Nothing is proposed for this module.")
    return module


def _show(module: Module, *, actor: audit.Actor, now: datetime) -> None:
    module.shown, module.proposed = module.proposed, None
    module.version += 1
    module.approved_at, module.declined_reason = now, ""
    module.save()
    _note(module, "module_approved", actor=actor, now=now, version=module.version)


def _live(caller: Caller) -> None:
    if caller.mode != ApiKey.Mode.LIVE:
        raise LiveKeyNeeded("Employees see modules: they are for live keys.")


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])


def _note(
    module: Module, action: str, *, actor: audit.Actor, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="module",
        subject_id=module.pk,
        data={"key": module.key, "subsystem": str(module.subsystem_id), **data},
    )
