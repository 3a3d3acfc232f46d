"""Categories: what kinds of notification a sub-system may send, and how each is treated."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import ApiKey, Subsystem
from accounts.subsystems import Caller
from hub.lib import errors, text
from notifications.escalation import plan
from notifications.models import Category
from notifications.models.category import Sensitivity

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAME_AT_MOST = 128  # characters
_GROUP_AT_MOST = 256


class LiveKeyNeeded(errors.HubError):
    """A test key may not change what live notifications are treated by."""

    code, status, title = "live_key_needed", 403, "A live key is needed"


@dataclass(frozen=True, slots=True)
class Traits:
    """All that may change about a category; its key may not, because senders name it."""

    name: str
    essential: bool = True
    sensitivity: str = Sensitivity.INTERNAL
    reject_needs_comment: bool = True
    strict_acknowledgement: bool = False
    bulk_answers: bool = False  # people may answer many of its requests by one act
    step_up: bool = False  # answers are only taken signed
    # Where a notification does not say it itself: while nobody answers, and at the end.
    escalation: list[dict[str, Any]] = field(default_factory=list)
    on_expiry: str = "none"
    fallback_group: str = ""  # of the directory; answers where there is no manager left


def create(
    *, subsystem_id: uuid.UUID, key: str, traits: Traits, actor: audit.Actor, now: datetime
) -> Category:
    """A new category of a sub-system.

    Raises NotFound, and Invalid with /key (malformed, or taken in this sub-system), /name or
    /sensitivity.
    """
    if not _KEY.fullmatch(key):
        raise _invalid("/key", "bad_key", "A key has lower-case letters, digits, dots and dashes.")
    _check(traits)
    with transaction.atomic():
        if not Subsystem.objects.filter(pk=subsystem_id).exists():
            raise errors.NotFound("There is no such sub-system.")
        category, made = Category.objects.get_or_create(
            subsystem_id=subsystem_id, key=key, defaults=asdict(traits)
        )
        if not made:
            raise _invalid("/key", "taken", "This sub-system has a category of that key.")
        _note(actor, "category_created", category, now=now, key=key, **asdict(traits))
    return category


def edit(*, category_id: uuid.UUID, traits: Traits, actor: audit.Actor, now: datetime) -> None:
    """Treat the category's notifications like this from now on; those sent stay as they are.

    Nothing is recorded where nothing changes. Raises NotFound, and Invalid as `create` does.
    """
    _check(traits)
    wanted = asdict(traits)
    with transaction.atomic():
        category = Category.objects.select_for_update().filter(pk=category_id).first()
        if category is None:
            raise errors.NotFound("There is no such category.")
        before = {name: getattr(category, name) for name in wanted}
        changed = {name: value for name, value in wanted.items() if before[name] != value}
        if changed:
            Category.objects.filter(pk=category_id).update(**changed)
            was = {name: before[name] for name in changed}
            _note(actor, "category_changed", category, now=now, was=was, **changed)


def keep_for(
    *, category_id: uuid.UUID, days: int | None, actor: audit.Actor, now: datetime
) -> None:
    """How long its notifications are kept; None: as long as the setting says."""
    with transaction.atomic():
        category = Category.objects.select_for_update().get(pk=category_id)
        was, category.kept_days = category.kept_days, days
        category.save(update_fields=["kept_days"])
        _note(actor, "category_kept_for", category, now=now, was=was, days=days)


def of(*, subsystem_id: uuid.UUID) -> list[Category]:
    """All categories of a sub-system, by key."""
    return list(Category.objects.filter(subsystem_id=subsystem_id).order_by("key"))


def one(*, subsystem_id: uuid.UUID, key: str) -> Category:
    """The category of that key. Raises NotFound."""
    category = Category.objects.filter(subsystem_id=subsystem_id, key=key).first()
    if category is None:
        raise errors.NotFound("There is no such category of your sub-system.")
    return category


def put(
    *, caller: Caller, key: str, given: Mapping[str, Any], now: datetime
) -> tuple[Category, bool]:
    """Make or change one of the caller's categories; whether it was made.

    Traits that are not given stay, or are as usual in a new one; the name of a new one is its key.
    Raises LiveKeyNeeded for a test key that would change what is there, and Invalid as `create`.
    """
    actor = audit.Actor("subsystem", str(caller.subsystem_id))
    present = Category.objects.filter(subsystem_id=caller.subsystem_id, key=key).first()
    if present is None:
        traits = Traits(**{"name": key, **given})
        made = create(
            subsystem_id=caller.subsystem_id, key=key, traits=traits, actor=actor, now=now
        )
        return made, True
    before = {field.name: getattr(present, field.name) for field in fields(Traits)}
    wanted = {**before, **given}
    if wanted != before and caller.mode != ApiKey.Mode.LIVE:
        raise LiveKeyNeeded("This category is in use with live keys: change it with one.")
    edit(category_id=present.pk, traits=Traits(**wanted), actor=actor, now=now)
    return one(subsystem_id=caller.subsystem_id, key=key), False


def _check(traits: Traits) -> None:
    if not 0 < len(traits.name.strip()) <= _NAME_AT_MOST or text.flaw(traits.name):
        raise _invalid("/name", "bad_name", "A name has 1 to 128 printable characters.")
    if traits.sensitivity not in Sensitivity.values:
        raise _invalid("/sensitivity", "unknown", "One of public, internal and restricted.")
    if traits.on_expiry not in {"none", "approve", "reject"}:
        raise _invalid("/on_expiry", "unknown", "One of none, approve and reject.")
    if len(traits.fallback_group) > _GROUP_AT_MOST or text.flaw(traits.fallback_group):
        raise _invalid("/fallback_group", "bad_name", "A group has a printable name.")
    flaws = plan.check(traits.escalation, pointer="/escalation", seated=True)
    if flaws:
        raise errors.Invalid(flaws[0].message, errors=flaws)


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])


def _note(
    actor: audit.Actor, action: str, category: Category, *, now: datetime, **data: object
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="category",
        subject_id=category.pk,
        data={"subsystem": str(category.subsystem_id), **data},
    )
