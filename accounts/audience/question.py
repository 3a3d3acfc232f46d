"""A parsed audience as SQL: sub-queries only, so that a million people cost no memory here."""

import uuid
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.audience import names as naming
from accounts.audience.expression import (
    EVERYBODY,
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
    bounded,
)
from accounts.models import Employee

# UNION, not UNION ALL: a group already visited adds no row, so a circle of groups ends.
_IN_GROUP = """
    WITH RECURSIVE inside (id) AS (
        SELECT id FROM accounts_group WHERE lower(name) = lower(%s)
        UNION
        SELECT nesting.child_id FROM accounts_groupnesting AS nesting
        JOIN inside ON nesting.parent_id = inside.id
    )
    SELECT member.employee_id FROM accounts_groupmember AS member
    JOIN inside ON member.group_id = inside.id
"""
# Circles of managers end as those of groups do. The first step names people as `_NAMED` does.
_ABOVE = """
    WITH RECURSIVE above (id) AS (
        SELECT manager_id FROM accounts_employee
        WHERE id IN ({named}) AND manager_id IS NOT NULL
        UNION
        SELECT employee.manager_id FROM accounts_employee AS employee
        JOIN above ON employee.id = above.id WHERE employee.manager_id IS NOT NULL
    )
    SELECT id FROM above
"""
_BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT id FROM accounts_employee WHERE manager_id IN ({named})
        UNION
        SELECT employee.id FROM accounts_employee AS employee
        JOIN below ON employee.manager_id = below.id
    )
    SELECT id FROM below
"""
# Both sides are lowered by the database: Python would make two letters of an İ.
_NAMED = {
    "id": "SELECT id FROM accounts_employee WHERE employee_id = ANY (%s)",
    "upn": "SELECT id FROM accounts_employee WHERE lower(user_name) IN"
    " (SELECT lower(name) FROM unnest(%s::text[]) AS name)",
    "mail": "SELECT id FROM accounts_employee WHERE lower(mail) IN"
    " (SELECT lower(name) FROM unnest(%s::text[]) AS name)",
}
# One statement a kind, so that each can use its index.
_NAMES_NOBODY = """
    SELECT asked.name FROM unnest(%s::text[]) AS asked (name) WHERE NOT EXISTS (
        SELECT FROM accounts_employee AS employee WHERE employee.disabled_at IS NULL AND """
_UNKNOWN = {
    "id": _NAMES_NOBODY + "employee.employee_id = asked.name)",
    "upn": _NAMES_NOBODY + "lower(employee.user_name) = lower(asked.name))",
    "mail": _NAMES_NOBODY + "lower(employee.mail) = lower(asked.name))",
}


def matching(audience: Audience) -> QuerySet[Employee]:
    """The enabled employees who are meant, unordered: to be joined, counted or inserted from."""
    return among(Employee.objects.filter(disabled_at=None), audience)


def among(people: QuerySet[Employee], audience: Audience) -> QuerySet[Employee]:
    """Those of these people who are meant."""
    if audience.any:
        people = people.filter(reduce(or_, map(_condition, audience.any)))
    for item in audience.all:
        people = people.filter(_condition(item))
    for item in audience.none:
        people = people.filter(~_condition(item))
    return inside(people, audience.within)


def inside(people: QuerySet[Employee], ceilings: Iterable[Audience]) -> QuerySet[Employee]:
    """Those of these people who are in each of the ceilings."""
    for ceiling in ceilings:
        people = among(people, ceiling)
    return people


def is_inside(employee_id: uuid.UUID, expression: Mapping[str, Any]) -> bool:
    """Whether this person is inside the ceilings of an expression that was kept."""
    within = expression.get("within")
    if not within:
        return True
    everybody = bounded(EVERYBODY, within=within)
    return matching(everybody).filter(pk=employee_id).exists()


def count(audience: Audience) -> int:
    """How many enabled employees are meant."""
    return matching(audience).count()


def breakdown(audience: Audience, *, by: Literal["geo", "department"]) -> list[tuple[str, int]]:
    """How many of them are in each geo or department, the largest first; "" is not known."""
    return list(
        matching(audience).values_list(by).annotate(number=Count("pk")).order_by("-number", by)
    )


def unknown(audience: Audience) -> list[str]:
    """What names nobody enabled, as the sender wrote it, each once; `none` is looked at as well.

    Whoever is outside a ceiling is as unknown as somebody who is not there.

    An employee is told as `E9`, `upn:…` or `mail:…`, others by their key: `group:…`,
    `department:…`, `manager_of:…`.
    """
    items = [*audience.any, *audience.all, *audience.none]
    names = [name for item in items if isinstance(item, Employees) for name in item.names]
    nobody = _outside(names, audience.within) if audience.within else _unknown_names(names)
    found = [str(name) for name in names if name in nobody]
    for item in items:
        told = _told(item)
        if told is not None and not _exists(item, audience.within):
            found.append(told)
    return list(dict.fromkeys(found))


def _condition(item: Item) -> Q:
    match item:
        case Employees(names):
            return _named(names)
        case Group(name):
            return Q(pk__in=RawSQL(_IN_GROUP, [name]))  # noqa: S611 (parameters only)
        case Department(name):
            return Q(department=name)
        case Geo(name):
            return Q(geo=name)
        case Affiliate(name):
            return Q(affiliate=name)
        case Title(name):
            return Q(title=name)
        case ManagerOf(name):
            led = Employee.objects.filter(_named([name]), manager__isnull=False)
            return Q(pk__in=led.values("manager_id"))
        case ManagersOf(name):
            return Q(pk__in=_tree(_ABOVE, name))
        case ReportsOf(name):
            return Q(manager_id__in=RawSQL(_NAMED[name.kind], [[name.value]]))  # noqa: S611
        case AllReportsOf(name):
            return Q(pk__in=_tree(_BELOW, name))
        case Everybody():
            return Q(pk__isnull=False)  # an empty Q would vanish from an OR


def _tree(tree: str, name: Name) -> RawSQL:
    return RawSQL(tree.format(named=_NAMED[name.kind]), [[name.value]])  # noqa: S611 (as above)


def _named(names: Iterable[Name]) -> Q:
    return reduce(
        or_,
        (
            Q(pk__in=RawSQL(_NAMED[kind], [values]))  # noqa: S611 (parameters only)
            for kind, values in _by_kind(names).items()
        ),
    )


def _unknown_names(names: Iterable[Name]) -> set[Name]:
    found: set[Name] = set()
    with connection.cursor() as cursor:
        for kind, values in _by_kind(names).items():
            cursor.execute(_UNKNOWN[kind], [values])
            found |= {Name(kind, value) for (value,) in cursor.fetchall()}
    return found


def _outside(names: Iterable[Name], ceilings: Iterable[Audience]) -> set[Name]:
    """Those of these names who are nobody enabled, or nobody inside the ceilings."""
    asked = set(names)
    query, parameters = naming.people(asked)
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found = [(Name(kind, name), pk) for kind, name, pk, enabled in cursor.fetchall() if enabled]
    reachable = inside(Employee.objects.filter(pk__in=[pk for _, pk in found]), ceilings)
    pks = set(reachable.values_list("pk", flat=True))
    return asked - {name for name, pk in found if pk in pks}


def _by_kind(names: Iterable[Name]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(name.kind, []).append(name.value)
    return kinds


def _exists(item: Item, ceilings: Iterable[Audience]) -> bool:
    return inside(Employee.objects.filter(_condition(item), disabled_at=None), ceilings).exists()


def _told(item: Item) -> str | None:
    match item:
        case Group(name):
            return f"group:{name}"
        case Department(name):
            return f"department:{name}"
        case Geo(name):
            return f"geo:{name}"
        case Affiliate(name):
            return f"affiliate:{name}"
        case Title(name):
            return f"title:{name}"
        case ManagerOf(name):
            return f"manager_of:{name}"
        case ManagersOf(name):
            return f"managers_of:{name}"
        case ReportsOf(name):
            return f"reports_of:{name}"
        case AllReportsOf(name):
            return f"all_reports_of:{name}"
    return None
