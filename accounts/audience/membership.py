"""Which of many audiences contain one employee: the cost grows with the person, not the company.

`question.matching` asks who is in an audience, and for a large group it reads all of it. Here the
person is the known end: their groups upwards, their managers upwards, and the names the audiences
speak of, by a handful of statements however many audiences there are.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.audience import names as naming
from accounts.audience.expression import (
    Affiliate,
    AllReportsOf,
    Audience,
    Department,
    Employees,
    Everybody,
    Geo,
    Group,
    Item,
    ManagerOf,
    ManagersOf,
    Name,
    ReportsOf,
    Title,
)

_PERSON = """
SELECT department, geo, affiliate, title, manager_id FROM accounts_employee
 WHERE id = %s AND disabled_at IS NULL
"""
# UNION, not UNION ALL: a circle of groups, or of managers, adds no row and ends.
_GROUPS = """
WITH RECURSIVE around (id) AS (
    SELECT group_id FROM accounts_groupmember WHERE employee_id = %(person)s
    UNION
    SELECT nesting.parent_id FROM accounts_groupnesting AS nesting
    JOIN around ON nesting.child_id = around.id)
SELECT asked.name FROM unnest(%(names)s::text[]) AS asked (name)
 WHERE EXISTS (SELECT FROM accounts_group JOIN around USING (id)
                WHERE lower(accounts_group.name) = lower(asked.name))
"""
_ABOVE = """
WITH RECURSIVE above (origin, id) AS (
    SELECT id, manager_id FROM accounts_employee
     WHERE id = ANY (%s) AND manager_id IS NOT NULL
    UNION
    SELECT above.origin, employee.manager_id FROM above
    JOIN accounts_employee AS employee ON employee.id = above.id
     WHERE employee.manager_id IS NOT NULL)
SELECT origin, id FROM above
"""
_MANAGERS = "SELECT id, manager_id FROM accounts_employee WHERE id = ANY (%s)"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the database says of the person and of whom the audiences name."""

    person: uuid.UUID
    department: str
    geo: str
    affiliate: str
    title: str
    manager: uuid.UUID | None
    groups: frozenset[str]  # of the asked ones, as they were asked
    named: dict[Name, frozenset[uuid.UUID]]
    managers: dict[uuid.UUID, uuid.UUID | None]  # of those who are named
    above: dict[uuid.UUID, frozenset[uuid.UUID]]  # of the person and of those who are named


def containing(audiences: Sequence[Audience], *, employee_id: uuid.UUID) -> list[bool]:
    """Of each audience, in order, whether `question.matching` would find this employee in it.

    A disabled or an unknown employee is in none.
    """
    items = [item for one in audiences for item in _items(one)]
    facts = _facts(items, employee_id) if items else None
    if facts is None:
        return [False] * len(audiences)
    return [_contains(one, facts) for one in audiences]


def _contains(audience: Audience, facts: _Facts) -> bool:
    if audience.any and not any(_fits(item, facts) for item in audience.any):
        return False
    if not all(_fits(item, facts) for item in audience.all):
        return False
    if any(_fits(item, facts) for item in audience.none):
        return False
    return all(_contains(ceiling, facts) for ceiling in audience.within)


def _items(audience: Audience) -> Iterator[Item]:
    """Its own, and those of its ceilings."""
    yield from (*audience.any, *audience.all, *audience.none)
    for ceiling in audience.within:
        yield from _items(ceiling)


def _fits(item: Item, facts: _Facts) -> bool:
    person = facts.person
    match item:
        case Employees(names):
            return any(person in facts.named[name] for name in names)
        case Group(name):
            return name in facts.groups
        case Department(name):
            return facts.department == name
        case Geo(name):
            return facts.geo == name
        case Affiliate(name):
            return facts.affiliate == name
        case Title(name):
            return facts.title == name
        case ManagerOf(name):
            return any(facts.managers.get(led) == person for led in facts.named[name])
        case ManagersOf(name):
            return any(person in facts.above.get(led, ()) for led in facts.named[name])
        case ReportsOf(name):
            return facts.manager in facts.named[name]
        case AllReportsOf(name):
            return not facts.named[name].isdisjoint(facts.above.get(person, frozenset()))
        case Everybody():
            return True


def _facts(items: Iterable[Item], person: uuid.UUID) -> _Facts | None:
    """None for an employee who is disabled, or is not there."""
    rows = _rows(_PERSON, [person])
    if not rows:
        return None
    groups: set[str] = set()
    names: set[Name] = set()
    trees: set[Name] = set()
    for item in items:
        match item:
            case Group(name):
                groups.add(name)
            case Employees(several):
                names.update(several)
            case ManagerOf(of) | ManagersOf(of) | ReportsOf(of) | AllReportsOf(of):
                trees.add(of)
    named = _named(names | trees)
    leading = {one for name in trees for one in named[name]}
    [(department, geo, affiliate, title, manager)] = rows
    return _Facts(
        person,
        department,
        geo,
        affiliate,
        title,
        manager,
        groups=frozenset(row[0] for row in _rows(_GROUPS, {"person": person, "names": [*groups]}))
        if groups
        else frozenset(),
        named=named,
        managers=dict(_rows(_MANAGERS, [[*leading]])) if leading else {},
        above=_above({person, *leading}) if leading else {},
    )


def _named(names: set[Name]) -> dict[Name, frozenset[uuid.UUID]]:
    """Whom each name names, the disabled included, as `question` has it."""
    found: dict[Name, set[uuid.UUID]] = {name: set() for name in names}
    if names:
        for kind, value, employee, _ in _rows(*naming.people(names)):
            found[Name(kind, value)].add(employee)
    return {name: frozenset(people) for name, people in found.items()}


def _above(people: set[uuid.UUID]) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    for origin, manager in _rows(_ABOVE, [[*people]]):
        found.setdefault(origin, set()).add(manager)
    return {origin: frozenset(managers) for origin, managers in found.items()}


def _rows(query: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
