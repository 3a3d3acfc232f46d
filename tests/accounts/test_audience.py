"""The SQL of an audience names exactly those whom a naive reading of the expression names."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import audience
from accounts.models import Employee, Group, GroupMember, GroupNesting
from hub.lib import errors

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
DEPARTMENTS, GEOS, GROUPS = ("Finance", "IT", ""), ("DE", "IN"), ("Ops", "Dev", "Sales", "Empty")


def add(number: int, manager: Employee | None, disabled: bool) -> Employee:
    return Employee.objects.create(
        object_guid=uuid.uuid4(), employee_id=f"E{number}", user_name=f"User{number}",
        mail=f"user{number}@corp.example", display_name="", seen_in_directory_at=MOMENT,
        title=("Clerk", "Lead")[number % 5 == 0], department=DEPARTMENTS[number % 3], geo=GEOS[number // 2 % 2], manager=manager,
        affiliate=("Alpha", "Beta", "")[number // 3 % 3],
        disabled_at=MOMENT if disabled else None,
    )  # fmt: skip


NAMES = st.one_of(
    st.integers(0, 13).map(lambda n: f"E{n}"),
    st.integers(0, 13).map(lambda n: f"upn:uSER{n}"),
    st.integers(0, 13).map(lambda n: f"mail:USER{n}@corp.example"),
)
ITEMS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=4).map(lambda names: {"employees": names}),
    st.sampled_from([*GROUPS, "oPS", "Nobody"]).map(lambda name: {"group": name}),
    st.sampled_from(["Finance", "IT", "Legal"]).map(lambda name: {"department": name}),
    st.sampled_from([*GEOS, "FR"]).map(lambda name: {"geo": name}),
    st.sampled_from(["Alpha", "Beta", "Gamma"]).map(lambda name: {"affiliate": name}),
    st.just({"everybody": True}),
    st.sampled_from(["Clerk", "Lead", "King"]).map(lambda name: {"title": name}),
    st.tuples(
        st.sampled_from(["manager_of", "managers_of", "reports_of", "all_reports_of"]), NAMES
    ).map(lambda pair: dict([pair])),
)
PARTS = st.lists(ITEMS, max_size=3)
EXPRESSIONS = st.fixed_dictionaries({"any": PARTS, "all": PARTS, "none": PARTS}).filter(
    lambda parts: parts["any"] or parts["all"]
)


class Oracle:
    """The same question, asked in Python over lists."""

    def __init__(self) -> None:
        self.staff = list(Employee.objects.all())
        self.enabled = {one.employee_id for one in self.staff if one.disabled_at is None}
        self.ids = {one.pk: one.employee_id for one in self.staff}
        self.members = list(GroupMember.objects.values_list("group__name", "employee_id"))
        self.nesting = list(GroupNesting.objects.values_list("parent__name", "child__name"))

    def named(self, name: str) -> set[str]:
        kind, _, value = name.partition(":")
        if kind == "upn":
            return {o.employee_id for o in self.staff if o.user_name.lower() == value.lower()}
        if kind == "mail":
            return {o.employee_id for o in self.staff if o.mail.lower() == value.lower()}
        return {name} & set(self.ids.values())

    def item(self, item: dict[str, Any]) -> set[str]:
        [(key, value)] = item.items()
        match key:
            case "employees":
                return set().union(*map(self.named, value))
            case "group":
                inside = {name for name in GROUPS if name.lower() == value.lower()}
                for _ in GROUPS:
                    inside |= {child for parent, child in self.nesting if parent in inside}
                return {self.ids[pk] for name, pk in self.members if name in inside}
            case "department" | "geo" | "affiliate" | "title":
                return {o.employee_id for o in self.staff if getattr(o, key) == value}
            case "manager_of":
                return self.above(self.named(value))
            case "reports_of":
                return self.below(self.named(value))
            case "managers_of":
                return self.closure(self.above, self.named(value))
            case "all_reports_of":
                return self.closure(self.below, self.named(value))
        return set(self.ids.values())

    def above(self, led: set[str]) -> set[str]:
        return {self.ids[o.manager_id] for o in self.staff if o.employee_id in led and o.manager_id}

    def below(self, leaders: set[str]) -> set[str]:
        return {
            o.employee_id for o in self.staff if o.manager_id and self.ids[o.manager_id] in leaders
        }

    def closure(self, step: Callable[[set[str]], set[str]], start: set[str]) -> set[str]:
        found = step(start)
        for _ in self.staff:
            found |= step(found)
        return found

    def ask(self, expression: dict[str, Any]) -> set[str]:
        found = set(self.enabled)
        if expression["any"]:
            found &= set().union(*map(self.item, expression["any"]))
        for item in expression["all"]:
            found &= self.item(item)
        for item in expression["none"]:
            found -= self.item(item)
        return found

    def unknown(
        self, expression: dict[str, Any], within: Sequence[dict[str, Any]] = ()
    ) -> set[str]:
        found = set()
        reachable = self.enabled.intersection(*map(self.ask, within))
        for item in [*expression["any"], *expression["all"], *expression["none"]]:
            [(key, value)] = item.items()
            if key == "employees":
                found |= {name for name in value if not self.named(name) & reachable}
            elif key != "everybody" and not self.item(item) & reachable:
                found.add(f"{key}:{value}")
        return found


class AnAudience(TestCase):
    """Twelve people, a chain of managers, and groups that hold each other in a circle."""

    @classmethod
    def setUpTestData(cls) -> None:
        staff: list[Employee] = []
        for number in range(12):
            manager = staff[number // 2] if number % 5 and staff else None
            staff.append(add(number, manager, disabled=number in {4, 9}))
        # Two who manage each other, and lead others: circles happen in directories.
        for one, other in ((10, 11), (11, 10)):
            Employee.objects.filter(pk=staff[one].pk).update(manager=staff[other])
        Employee.objects.filter(pk=staff[3].pk).update(manager=staff[10])
        groups = [
            Group.objects.create(object_guid=uuid.uuid4(), name=name, seen_in_directory_at=MOMENT)
            for name in GROUPS
        ]
        for parent, child in ((0, 1), (1, 2), (2, 0)):
            GroupNesting.objects.create(parent=groups[parent], child=groups[child])
        for group, members in ((0, (1, 4)), (1, (2,)), (2, (7, 8, 1))):
            for member in members:
                GroupMember.objects.create(group=groups[group], employee=staff[member])

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(EXPRESSIONS)
    def test_names_exactly_those_a_naive_reading_names(self, expression: dict[str, Any]) -> None:
        parsed = audience.validate(expression, pointer="/audience")
        oracle = Oracle()
        matching = list(audience.matching(parsed).values_list("employee_id", flat=True))
        assert len(matching) == len(set(matching)) == audience.count(parsed)
        assert set(matching) == oracle.ask(expression)
        assert set(audience.unknown(parsed)) == oracle.unknown(expression)

    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
    @given(EXPRESSIONS, st.lists(EXPRESSIONS, min_size=1, max_size=2))
    def test_under_ceilings_nobody_outside_is_there(
        self, expression: dict[str, Any], ceilings: list[dict[str, Any]]
    ) -> None:
        oracle = Oracle()
        reachable = oracle.enabled.intersection(*map(oracle.ask, ceilings))
        parsed = audience.bounded(
            audience.validate(expression, pointer="/audience"), within=ceilings
        )
        assert audience.restore(audience.kept(expression, within=ceilings)) == parsed
        found = set(audience.matching(parsed).values_list("employee_id", flat=True))
        assert found == oracle.ask(expression) & reachable
        assert set(audience.unknown(parsed)) == oracle.unknown(expression, ceilings)


BAD: list[tuple[object, str, str]] = [
    ([], "", "not_an_object"),
    ({}, "", "empty"),
    ({"none": [{"geo": "US"}]}, "", "empty"),
    ({"employees": ["E1"]}, "/employees", "unknown_field"),
    ({"any": {}}, "/any", "not_a_list"),
    ({"any": ["E1"]}, "/any/0", "not_an_item"),
    ({"any": [{}]}, "/any/0", "not_an_item"),
    ({"any": [{"geo": "DE", "group": "x"}]}, "/any/0", "not_an_item"),
    ({"any": [{"a/b~c": 1}]}, "/any/0/a~1b~0c", "unknown_field"),
    ({"all": [{"everybody": False}]}, "/all/0/everybody", "not_true"),
    ({"any": [{"employees": "E1"}]}, "/any/0/employees", "not_a_list"),
    ({"any": [{"employees": []}]}, "/any/0/employees", "empty"),
    ({"any": [{"employees": ["E1", 7]}]}, "/any/0/employees/1", "not_a_text"),
    ({"any": [{"employees": ["mail:"]}]}, "/any/0/employees/0", "blank"),
    ({"any": [{"employees": ["E"] * 1001}]}, "/any/0/employees", "too_many"),
    ({"any": [{"everybody": True}] * 51}, "/any", "too_many"),
    ({"any": [{"everybody": True}] * 30, "none": [{"geo": "x"}] * 21}, "", "too_many"),
    ({"any": [{"geo": None}]}, "/any/0/geo", "not_a_text"),
    ({"any": [{"department": " "}]}, "/any/0/department", "blank"),
    ({"any": [{"group": "x" * 321}]}, "/any/0/group", "too_long"),
    ({"any": [{"group": "a\u0007"}]}, "/any/0/group", "control_character"),
    ({"any": [{"manager_of": ["E1"]}]}, "/any/0/manager_of", "not_a_text"),
]


@pytest.mark.parametrize(("expression", "pointer", "code"), BAD)
def test_a_flaw_is_told_with_its_pointer(expression: object, pointer: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        audience.validate(expression, pointer="/audience")
    told = [(error.pointer, error.code) for error in refusal.value.errors]
    assert (f"/audience{pointer}", code) in told


def test_every_flaw_is_told_at_once() -> None:
    with pytest.raises(errors.Invalid) as refusal:
        audience.validate({"any": [{"geo": 1}, {"x": 1}], "or": []}, pointer="")
    assert {error.pointer for error in refusal.value.errors} == {"/any/0/geo", "/any/1/x", "/or"}


def test_the_question_is_one_statement_whatever_is_asked(
    alice: Employee, django_assert_num_queries: object
) -> None:
    expression = {
        "any": [{"group": "G"}, {"employees": ["E1001", "mail:x@y"]}, {"manager_of": "E1001"}],
        "none": [{"geo": "US"}],
    }
    parsed = audience.validate(expression, pointer="")
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert audience.count(parsed) == 2
