"""The demo company: 329 people in 4 geos and 8 departments, a manager tree, nested groups.

Everything is derived from names, so that every start brings the same people.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.directory.local import Account
from accounts.directory.port import Group, Person

PASSWORD = "Demo-pass-1"  # the demo's people exist nowhere else
GEOS = ("DE", "IN", "US", "BR")
DEPARTMENTS = (
    "Finance", "Human Resources", "IT", "Operations", "Sales", "Legal", "Logistics", "Research",
)  # fmt: skip
STAFF_PER_TEAM = 9
FIRST = (
    "Amara", "Bruno", "Chandra", "Dilara", "Emil", "Farah", "Goran", "Hana", "Ines", "Jonas",
    "Kavya", "Luca", "Mei", "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Samir", "Tereza",
)  # fmt: skip
LAST = (
    "Almeida", "Brandt", "Costa", "Desai", "Ekman", "Fischer", "Gupta", "Hoffmann", "Ito",
    "Jansen", "Kumar", "Lopes", "Meyer", "Nair", "Okafor", "Pereira", "Rao",
)  # fmt: skip


@dataclass(frozen=True)
class Login:
    """Somebody of the cast, whom the demo's greeting names."""

    user_name: str
    employee_id: str
    who: str


CAST = (
    Login("alice", "E1001", "Finance, DE; receives"),
    Login("bob", "E1002", "leads Finance, DE; approves"),
    Login("dana", "E1000", "head of Finance; approves"),
    Login("charlie", "E1003", "IT, IN; the stranger"),
)


def guid(name: str) -> uuid.UUID:
    """The directory's objectGUID of a name, the same at every start."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.demo.example")


def people() -> list[Person]:
    """Everybody: one chief, a head per department, a lead per team, and the teams."""
    chief = _person("chief", "E0001", "Chief Executive", "Operations", "DE", None)
    everybody = [chief]
    numbers = iter(range(2000, 10_000))
    for department in DEPARTMENTS:
        head = _cast_or_new(numbers, f"Head of {department}", department, "DE", chief)
        everybody.append(head)
        for geo in GEOS:
            lead = _cast_or_new(numbers, f"Team lead {department}", department, geo, head)
            everybody.append(lead)
            everybody += [
                _cast_or_new(numbers, department, department, geo, lead, place=place)
                for place in range(STAFF_PER_TEAM)
            ]
    return everybody


def groups() -> list[Group]:
    """All staff ⊃ each department ⊃ its teams; and those who approve in Finance."""
    teams: dict[tuple[str, str], set[uuid.UUID]] = defaultdict(set)
    for person in people():
        teams[person.department, person.geo].add(person.object_guid)
    made = [_group(f"{department} {geo}", members) for (department, geo), members in teams.items()]
    made += [
        _group(f"{department} Staff", children={guid(f"group {department} {g}") for g in GEOS})
        for department in DEPARTMENTS
    ]
    made.append(_group("All Staff", children={guid(f"group {d} Staff") for d in DEPARTMENTS}))
    made.append(_group("Finance Approvers", {guid("bob"), guid("dana")}))
    return made


def accounts() -> list[Account]:
    """Everybody with the demo's password."""
    return [Account(person=person, password=PASSWORD) for person in people()]


def _cast_or_new(
    numbers: Iterator[int],
    title: str,
    department: str,
    geo: str,
    manager: Person,
    *,
    place: int | None = None,
) -> Person:
    """The member of the cast who has this position, else somebody new."""
    cast = {
        ("Head of Finance", "DE", None): "dana",
        ("Team lead Finance", "DE", None): "bob",
        ("Finance", "DE", 0): "alice",
        ("IT", "IN", 0): "charlie",
    }
    name = cast.get((title, geo, place))
    if name is not None:
        employee_id = next(login.employee_id for login in CAST if login.user_name == name)
        return _person(name, employee_id, title, department, geo, manager)
    number = next(numbers)
    return _person(
        f"e{number}", f"E{number}", title, department, geo, manager,
        display_name=f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}",
    )  # fmt: skip


def _person(
    user_name: str,
    employee_id: str,
    title: str,
    department: str,
    geo: str,
    manager: Person | None,
    *,
    display_name: str = "",
) -> Person:
    return Person(
        object_guid=guid(user_name),
        user_name=user_name,
        employee_id=employee_id,
        mail=f"{user_name}@demo.example",
        display_name=display_name or user_name.capitalize(),
        department=department,
        geo=geo,
        title=title,
        manager_guid=manager.object_guid if manager else None,
        enabled=True,
    )


def _group(
    name: str, members: set[uuid.UUID] | None = None, *, children: set[uuid.UUID] | None = None
) -> Group:
    return Group(
        object_guid=guid(f"group {name}"),
        name=name,
        member_guids=frozenset(members or ()),
        child_guids=frozenset(children or ()),
    )
