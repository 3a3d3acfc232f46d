"""What drafts speak of: categories and named people, looked up, or assumed and checked later.

Nearly every draft names people by their employee id, and each is there. So that is assumed, and the
statement that writes finds them itself (see `writing`): one round trip. It does nothing if the
assumption was wrong, and then `look_up` asks, for any number of drafts by one statement.
See docs/adr/0008-accepting-fast.md.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts import audience
from accounts.audience import Name
from accounts.subsystems import Caller
from hub.lib import statements

REMEMBERED_AT_MOST = 1000
QUERY = """
SELECT 'category', key::text, id, true, sensitivity, xmin || '/' || ctid,
       CASE WHEN on_expiry <> 'none' OR escalation <> '[]'
            THEN jsonb_build_object('on_expiry', on_expiry, 'escalation', escalation)::text END
  FROM notifications_category
 WHERE subsystem_id = %(subsystem)s AND key = ANY (%(categories)s)
UNION ALL
SELECT found.kind, found.name, found.id, found.enabled, NULL, NULL, NULL
  FROM ({people}) AS found
"""


@dataclass(frozen=True, slots=True)
class Category:
    """What a draft needs to know of its category, in the row's present form.

    Whatever else of it matters goes here, too: `seen` vouches for the whole row.
    """

    id: uuid.UUID
    sensitivity: str
    seen: str  # which form of the row it was: its transaction and place, as `writing` has it
    on_expiry: str = "none"  # where a draft does not say it
    escalation: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Categories by key, and people by name: the enabled ones, and everybody."""

    categories: dict[str, Category] = field(default_factory=dict)
    enabled: dict[Name, list[uuid.UUID]] = field(default_factory=dict)
    everybody: dict[Name, list[uuid.UUID]] = field(default_factory=dict)
    is_assumed: bool = False  # nobody was looked up: every name is taken for one enabled person


# An employee as they were looked up, or as the sender named them: an employee id.
Who = uuid.UUID | str


@dataclass(frozen=True, slots=True)
class Asked:
    """How many are meant, and who, in the order of their ids; None if they are too many for that.

    The approvers of a request are frozen like this, and its requester is never among them.
    """

    count: int
    few: Sequence[Who] | None
    unknown: Sequence[str]


# What was last seen of a category, by sub-system and key; checked again by whoever relies on it.
_remembered: dict[tuple[uuid.UUID, str], Category] = {}


def assume(
    *, categories: Iterable[str], audiences: Sequence[audience.Audience], caller: Caller
) -> Found | None:
    """That everybody who is named is there; None if that can't be, or not without a look."""
    for one in audiences:
        names = audience.only_names(one)
        if names is None or len(names) > settings.SEATS_AT_MOST:
            return None
        if any(name.kind != "id" for name in names):
            return None  # several people may have one address
    found = Found(is_assumed=True)
    for key in categories:
        category = _remembered.get((caller.subsystem_id, key))
        if category is None:
            return None
        found.categories[key] = category
    return found


def look_up(*, categories: Iterable[str], names: Iterable[Name], caller: Caller) -> Found:
    """Who and what is there of these, in one round trip."""
    people, parameters = audience.people(names)
    found = Found()
    asked = {"subsystem": caller.subsystem_id, "categories": list(categories), **parameters}
    for kind, name, id_, is_enabled, sensitivity, seen, traits in statements.rows(
        QUERY.format(people=people), asked
    ):
        if kind == "category":
            defaults = json.loads(traits) if traits else {}
            category = Category(id_, sensitivity, seen, **defaults)
            found.categories[name] = _remember(caller, name, category)
            continue
        named = Name(kind, name)
        found.everybody.setdefault(named, []).append(id_)
        if is_enabled:
            found.enabled.setdefault(named, []).append(id_)
    return found


def asked(meant: audience.Audience, *, requester: Who | None, found: Found) -> Asked:
    """Who is meant, by what was found of those named, or by asking the database."""
    most = settings.SEATS_AT_MOST
    names = audience.only_names(meant)
    if names is not None and found.is_assumed:
        others = [name.value for name in names if name.value != requester]
        return Asked(len(others), others, ())
    if names is not None:
        unknown = [str(name) for name in names if name not in found.enabled]
        named = {person for name in names for person in found.enabled.get(name, ())} - {requester}
        return Asked(len(named), sorted(named) if len(named) <= most else None, unknown)
    people = audience.matching(meant).order_by("id")
    if requester is not None:
        people = people.exclude(id=requester)
    few = list(people.values_list("id", flat=True)[: most + 1])
    if len(few) <= most:
        return Asked(len(few), few, audience.unknown(meant))
    return Asked(audience.count(meant), None, audience.unknown(meant))


def forget() -> None:
    """Remember no category any more."""
    _remembered.clear()


def _remember(caller: Caller, key: str, category: Category) -> Category:
    if len(_remembered) >= REMEMBERED_AT_MOST:
        forget()
    _remembered[caller.subsystem_id, key] = category
    return category
