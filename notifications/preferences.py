"""What somebody wants to be reached with: language, channels, quiet hours, opted-out categories.

See docs/mobile-api.md, "Preferences".
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import regex
from django.db import transaction

from accounts import audit
from accounts.models import Device, Employee
from hub.lib import digest_windows, errors, quiet_hours
from notifications import clocks, queues
from notifications.models import Category, Digest, OptOut, Preference

WINDOWS_AT_MOST = 14
_LANGUAGE = regex.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, by its shape
_DEFAULT_LANGUAGE = "en"

Key = tuple[str, str]  # the keys of a sub-system and of a category


class PreferencesChanged(errors.HubError):
    """Somebody else, such as the person's other phone, was quicker. Brings `preferences`."""

    code, status, title = "preferences_changed", 412, "The preferences are others by now"


@dataclass(frozen=True, slots=True)
class Wish:
    """All that an employee may choose; what they leave out is as usual."""

    language: str = ""
    time_zone: str = ""
    push: bool = True
    mail: bool = True
    quiet_hours: Sequence[Mapping[str, Any]] = ()
    digest: str = digest_windows.IMMEDIATE
    digest_at: str = digest_windows.USUAL_HOUR  # of a daily one
    opted_out: frozenset[Key] = field(default_factory=frozenset)


def read(*, employee_id: uuid.UUID) -> dict[str, Any]:
    """What holds for this employee; version 0 where they have never chosen anything."""
    employee = Employee.objects.get(pk=employee_id)
    chosen = Preference.objects.filter(pk=employee_id).first() or Preference()
    zone, source = _clock(employee, chosen)
    out = set(OptOut.objects.filter(employee_id=employee_id).values_list("category_id", flat=True))
    categories = Category.objects.select_related("subsystem").order_by("subsystem__key", "key")
    return {
        "version": chosen.version,
        "language": chosen.language,
        "time_zone": chosen.time_zone,
        "channels": {"push": chosen.push, "email": chosen.mail},
        "quiet_hours": chosen.quiet_hours,
        "digest": chosen.digest,
        "digest_at": chosen.digest_at,
        "effective": {
            "language": chosen.language or employee.language or _DEFAULT_LANGUAGE,
            "time_zone": zone,
            "time_zone_from": source,
        },
        "categories": [
            {
                "subsystem": {"key": category.subsystem.key, "name": category.subsystem.name},
                "category": category.key,
                "name": category.name,
                "essential": category.essential,
                "opted_out": not category.essential and category.pk in out,
            }
            for category in categories
        ],
    }


def put(
    *, employee_id: uuid.UUID, wish: Wish, version: int, device_id: uuid.UUID, now: datetime
) -> dict[str, Any]:
    """Choose all of it anew; what holds then.

    `version` is the one that was read. Raises PreferencesChanged if it is another one by now, and
    Invalid with a pointer for each flaw.
    """
    flaws = [*_flaws(wish)]
    with transaction.atomic():
        chosen = _locked(employee_id, now=now)
        if chosen.version != version:
            raise PreferencesChanged(
                "Your preferences were changed elsewhere. Look at them and choose again.",
                data={"preferences": read(employee_id=employee_id)},
            )
        wanted = _categories(wish.opted_out)
        flaws += _refused(wish.opted_out, wanted)
        if flaws:
            raise errors.Invalid("These preferences are not possible. See errors.", errors=flaws)
        chosen.language, chosen.time_zone = wish.language, wish.time_zone
        chosen.push, chosen.mail = wish.push, wish.mail
        chosen.quiet_hours = [dict(one) for one in wish.quiet_hours]
        if (chosen.digest, chosen.digest_at) != (wish.digest, wish.digest_at):
            _release(employee_id, now=now)
        chosen.digest, chosen.digest_at = wish.digest, wish.digest_at
        _turn(chosen, now=now)
        ids = {category.pk for category in wanted.values()}
        OptOut.objects.filter(employee_id=employee_id).exclude(category_id__in=ids).delete()
        _opt_out(employee_id, ids, now=now)
        _note(employee_id, "preferences_changed", now=now, device=str(device_id))
    return read(employee_id=employee_id)


def language(*, employee_id: uuid.UUID) -> str:
    """In which language this employee reads: what they chose, else as the directory has it."""
    chosen = Preference.objects.filter(pk=employee_id).values_list("language", flat=True).first()
    own = Employee.objects.filter(pk=employee_id).values_list("language", flat=True)
    return chosen or own.first() or ""


def opt_out(*, employee_id: uuid.UUID, category_id: uuid.UUID, now: datetime) -> bool:
    """Tell them nothing of this category any more; False if they had said so before.

    Raises NotFound if either is not there. Of an essential category it is kept, and holds nothing
    back for as long as that is essential.
    """
    with transaction.atomic():
        known = Employee.objects.filter(pk=employee_id, disabled_at=None)
        if not (known.exists() and Category.objects.filter(pk=category_id).exists()):
            raise errors.NotFound("There is nothing to opt out of any more.")
        chosen = _locked(employee_id, now=now)
        if not _opt_out(employee_id, {category_id}, now=now):
            return False
        _turn(chosen, now=now)
        _note(employee_id, "opted_out_of_category", now=now, category=str(category_id))
    return True


def refuse_mail(*, employee_id: uuid.UUID, now: datetime) -> bool:
    """Switch e-mail about what can be refused off; False if it was. NotFound if nobody is there."""
    with transaction.atomic():
        if not Employee.objects.filter(pk=employee_id, disabled_at=None).exists():
            raise errors.NotFound("There is nothing to opt out of any more.")
        chosen = _locked(employee_id, now=now)
        if not chosen.mail:
            return False
        chosen.mail = False
        _turn(chosen, now=now)
        _note(employee_id, "opted_out_of_mail", now=now)
    return True


def _clock(employee: Employee, chosen: Preference) -> tuple[str, str]:
    """The zone of their clocks, and from where it is known: what they chose comes first."""
    phones = Device.objects.filter(employee=employee, closed_at=None).exclude(time_zone="")
    phone = phones.order_by("-last_seen_at").values_list("time_zone", flat=True).first()
    said = [("preferences", chosen.time_zone), ("device", phone or "")]
    said.append(("employee", employee.time_zone))
    for source, name in said:
        if name:
            return clocks.zone((name, employee.geo)).key, source
    return clocks.zone(("", employee.geo)).key, "geo"


def _locked(employee_id: uuid.UUID, *, now: datetime) -> Preference:
    """Their row, made if there is none, and nobody else's to change in this transaction."""
    Preference.objects.bulk_create(
        [Preference(employee_id=employee_id, changed_at=now)], ignore_conflicts=True
    )
    return Preference.objects.select_for_update().get(pk=employee_id)


def _release(employee_id: uuid.UUID, *, now: datetime) -> None:
    """Tell what was gathered by another choice, without waiting for the end of its window."""
    waiting = Digest.objects.filter(employee_id=employee_id, closed_at=None, due_at__gt=now)
    if waiting.update(due_at=now):
        queues.wake(queues.PUSH)


def _turn(chosen: Preference, *, now: datetime) -> None:
    chosen.version += 1
    chosen.changed_at = now
    chosen.save()


def _opt_out(employee_id: uuid.UUID, category_ids: set[uuid.UUID], *, now: datetime) -> int:
    """How many are new."""
    before = OptOut.objects.filter(employee_id=employee_id, category_id__in=category_ids)
    new = category_ids - set(before.values_list("category_id", flat=True))
    OptOut.objects.bulk_create(
        [OptOut(category_id=one, employee_id=employee_id, since=now) for one in new],
        ignore_conflicts=True,
    )
    return len(new)


def _categories(keys: frozenset[Key]) -> dict[Key, Category]:
    found = Category.objects.select_related("subsystem").filter(key__in=[key for _, key in keys])
    return {
        (category.subsystem.key, category.key): category
        for category in found
        if (category.subsystem.key, category.key) in keys
    }


def _refused(wanted: frozenset[Key], found: Mapping[Key, Category]) -> list[errors.FieldError]:
    flaws = []
    for key in sorted(wanted):
        name = ".".join(key)
        if key not in found:
            flaws.append(
                errors.FieldError("/opted_out", "unknown_category", f"{name} is no category.")
            )
        elif found[key].essential:
            sentence = f"{name} is essential: everybody gets it."
            flaws.append(errors.FieldError("/opted_out", "essential_category", sentence))
    return flaws


def _flaws(wish: Wish) -> list[errors.FieldError]:
    flaws = []
    if wish.time_zone and wish.time_zone not in available_timezones():
        flaws.append(errors.FieldError("/time_zone", "unknown_time_zone", "Such as Europe/Vienna."))
    if wish.language and not _LANGUAGE.fullmatch(wish.language):
        flaws.append(errors.FieldError("/language", "not_a_language", "Such as de-AT."))
    windows = [quiet_hours.Window.read(one) for one in wish.quiet_hours]
    if windows and not quiet_hours.leaves_open(windows):
        sentence = "Leave at least a minute of the week in which you can be reached."
        flaws.append(errors.FieldError("/quiet_hours", "never_open", sentence))
    return flaws


def _note(employee_id: uuid.UUID, action: str, *, now: datetime, **data: str) -> None:
    audit.record(
        now=now,
        actor=audit.Actor("employee", str(employee_id)),
        action=action,
        subject_kind="employee",
        subject_id=employee_id,
        data=data,
    )
