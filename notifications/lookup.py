"""What drafts speak of, for any number of them by one statement: categories and named people."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts import audience
from accounts.audience import Name
from accounts.subsystems import Caller
from hub.lib import statements

QUERY = """
SELECT 'category', key::text, id, true, sensitivity FROM notifications_category
 WHERE subsystem_id = %(subsystem)s AND key = ANY (%(categories)s)
UNION ALL
SELECT found.kind, found.name, found.id, found.enabled, NULL FROM ({people}) AS found
"""


@dataclass(frozen=True, slots=True)
class Category:
    """What a draft needs to know of its category."""

    id: uuid.UUID
    sensitivity: str


@dataclass(frozen=True, slots=True)
class Found:
    """Categories by key, and people by name: the enabled ones, and everybody."""

    categories: dict[str, Category] = field(default_factory=dict)
    enabled: dict[Name, list[uuid.UUID]] = field(default_factory=dict)
    everybody: dict[Name, list[uuid.UUID]] = field(default_factory=dict)


def look_up(*, categories: Iterable[str], names: Iterable[Name], caller: Caller) -> Found:
    """Who and what is there of these, in one round trip."""
    people, parameters = audience.people(names)
    found = Found()
    asked = {"subsystem": caller.subsystem_id, "categories": list(categories), **parameters}
    for kind, name, id_, is_enabled, sensitivity in statements.rows(
        QUERY.format(people=people), asked
    ):
        if kind == "category":
            found.categories[name] = Category(id_, sensitivity)
            continue
        named = Name(kind, name)
        found.everybody.setdefault(named, []).append(id_)
        if is_enabled:
            found.enabled.setdefault(named, []).append(id_)
    return found
