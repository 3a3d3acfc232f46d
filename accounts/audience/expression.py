"""The audience expression of the contract, read strictly into values that cannot be wrong.

    {"any": [item, …], "all": [item, …], "none": [item, …]}

means: in one of `any` (if it is there), and in each of `all`, and in none of `none`. At least
one of `any` and `all` names somebody. An item has one key:

    {"employees": ["E1001", "upn:ana@corp.example", "mail:li@corp.example"]}
    {"group": "Finance Approvers"}   with the groups in it
    {"department": "Finance"}   {"geo": "DE"}   {"affiliate": "Alpha"}   {"title": "Controller"}
    {"everybody": true}
    {"manager_of": "E1001"}   {"managers_of": "E1001"}   their manager; all above them
    {"reports_of": "E1000"}   {"all_reports_of": "E1000"}   who reports to them; all below them

As the hub keeps an expression, it may have `within` besides: the ceilings it was accepted under,
each an expression. Nobody outside of any of them is meant, whatever else it says.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.lib import errors, text

ITEMS_AT_MOST: Final = 50  # over the whole expression
NAMES_AT_MOST: Final = 1000  # in one item
_CHARACTERS_AT_MOST: Final = 320
_PARTS = ("any", "all", "none")


@dataclass(frozen=True, slots=True)
class Name:
    """One employee as a sub-system names them: by `id`, by `upn` or by `mail`."""

    kind: str
    value: str

    def __str__(self) -> str:
        return self.value if self.kind == "id" else f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Employees:
    """These employees."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Everybody in the group of this name, or in a group inside it; case does not matter."""

    name: str


@dataclass(frozen=True, slots=True)
class Department:
    """Everybody in the department."""

    name: str


@dataclass(frozen=True, slots=True)
class Geo:
    """Everybody in the geo."""

    name: str


@dataclass(frozen=True, slots=True)
class Affiliate:
    """Everybody whom the affiliate employs."""

    name: str


@dataclass(frozen=True, slots=True)
class Title:
    """Everybody with the title."""

    name: str


@dataclass(frozen=True, slots=True)
class Everybody:
    """Every enabled employee."""


@dataclass(frozen=True, slots=True)
class ManagerOf:
    """The manager of this employee."""

    name: Name


@dataclass(frozen=True, slots=True)
class ManagersOf:
    """The manager of this employee, the manager's manager, and so on to the top."""

    name: Name


@dataclass(frozen=True, slots=True)
class ReportsOf:
    """Everybody whose manager is this employee."""

    name: Name


@dataclass(frozen=True, slots=True)
class AllReportsOf:
    """Everybody below this employee; where managers form a circle, those in it as well."""

    name: Name


Item = (
    Employees | Group | Department | Geo | Affiliate | Title | Everybody
    | ManagerOf | ManagersOf | ReportsOf | AllReportsOf
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audience:
    """A valid expression, and the ceilings that nobody who is meant is outside of."""

    any: tuple[Item, ...]
    all: tuple[Item, ...]
    none: tuple[Item, ...]
    within: tuple["Audience", ...] = ()


def validate(expression: object, *, pointer: str) -> Audience:
    """The expression, parsed. Raises Invalid, telling every flaw with its RFC 6901 pointer."""
    flaws: list[errors.FieldError] = []
    parsed = _audience(expression, pointer, flaws)
    if flaws:
        raise errors.Invalid("The audience is not valid. See errors.", errors=flaws)
    return parsed


EVERYBODY: Final = Audience((Everybody(),), (), ())


def bounded(audience: Audience, *, within: Sequence[object]) -> Audience:
    """The audience under these ceilings, which are valid expressions."""
    ceilings = tuple(validate(one, pointer="/ceiling") for one in within)
    return dataclasses.replace(audience, within=(*audience.within, *ceilings))


def kept(expression: Mapping[str, Any], *, within: Sequence[object]) -> dict[str, Any]:
    """An expression as it is kept under these ceilings; `restore` reads it."""
    ceilings = [*expression.get("within", ()), *within]
    return {**expression, "within": ceilings} if ceilings else dict(expression)


def restore(expression: Mapping[str, Any]) -> Audience:
    """An expression that was kept."""
    said = {part: value for part, value in expression.items() if part != "within"}
    meant = validate(said, pointer="/audience")
    return bounded(meant, within=expression.get("within", ()))


class _Flawed(Exception):
    """One flaw of one value, on its way to the list of all of them."""

    def __init__(self, pointer: str, code: str, message: str) -> None:
        super().__init__(code)
        self.error = errors.FieldError(pointer, code, message)


def _audience(expression: object, pointer: str, flaws: list[errors.FieldError]) -> Audience:
    nobody = Audience((), (), ())
    if not isinstance(expression, Mapping):
        flaws.append(errors.FieldError(pointer, "not_an_object", "An audience is an object."))
        return nobody
    for key in expression.keys() - set(_PARTS):
        flaws.append(
            errors.FieldError(
                _below(pointer, key), "unknown_field", "An audience has any, all and none."
            )
        )
    parts: dict[str, tuple[Item, ...]] = {}
    for part in _PARTS:
        items = expression.get(part, [])
        if isinstance(items, list):
            parts[part] = _items(items, _below(pointer, part), flaws)
        else:
            flaws.append(
                errors.FieldError(_below(pointer, part), "not_a_list", "This is a list of items.")
            )
    if not flaws and not parts["any"] and not parts["all"]:
        flaws.append(errors.FieldError(pointer, "empty", "Name somebody in any or in all."))
    if sum(map(len, parts.values())) > ITEMS_AT_MOST:
        flaws.append(
            errors.FieldError(pointer, "too_many", f"At most {ITEMS_AT_MOST} items, all told.")
        )
    return nobody if flaws else Audience(parts["any"], parts["all"], parts["none"])


def _items(items: list[object], pointer: str, flaws: list[errors.FieldError]) -> tuple[Item, ...]:
    if len(items) > ITEMS_AT_MOST:
        flaws.append(errors.FieldError(pointer, "too_many", f"At most {ITEMS_AT_MOST} items."))
        return ()
    parsed: list[Item] = []
    for index, item in enumerate(items):
        try:
            parsed.append(_item(item, f"{pointer}/{index}"))
        except _Flawed as flaw:
            flaws.append(flaw.error)
    return tuple(parsed)


def _item(item: object, pointer: str) -> Item:
    if not isinstance(item, Mapping) or len(item) != 1:
        raise _Flawed(pointer, "not_an_item", f"An item has one key of {', '.join(_READERS)}.")
    [(key, value)] = item.items()
    reader = _READERS.get(str(key))
    if reader is None:
        raise _Flawed(
            _below(pointer, key), "unknown_field", f"An item is one of {', '.join(_READERS)}."
        )
    return reader(value, _below(pointer, key))


def _employees(value: object, pointer: str) -> Employees:
    if not isinstance(value, list):
        raise _Flawed(pointer, "not_a_list", "This is a list of employees.")
    if not value:
        raise _Flawed(pointer, "empty", "Name at least one employee.")
    if len(value) > NAMES_AT_MOST:
        raise _Flawed(pointer, "too_many", f"At most {NAMES_AT_MOST} employees in an item.")
    names = [_name(name, f"{pointer}/{index}") for index, name in enumerate(value)]
    return Employees(tuple(dict.fromkeys(names)))


def _everybody(value: object, pointer: str) -> Everybody:
    if value is not True:
        raise _Flawed(pointer, "not_true", "everybody is true, or not there.")
    return Everybody()


def _name(value: object, pointer: str) -> Name:
    line = _line(value, pointer)
    kind, colon, rest = line.partition(":")
    if colon and kind in {"upn", "mail"}:
        return Name(kind, _line(rest, pointer))
    return Name("id", line)


def _line(value: object, pointer: str) -> str:
    if not isinstance(value, str):
        raise _Flawed(pointer, "not_a_text", "This is a text.")
    if not value.strip():
        raise _Flawed(pointer, "blank", "This may not be blank.")
    if len(value) > _CHARACTERS_AT_MOST:
        raise _Flawed(pointer, "too_long", f"At most {_CHARACTERS_AT_MOST} characters.")
    flaw = text.flaw(value)
    if flaw is not None:
        raise _Flawed(pointer, flaw, "These characters cannot be in a name.")
    return value


_READERS: dict[str, Callable[[object, str], Item]] = {
    "employees": _employees,
    "group": lambda value, pointer: Group(_line(value, pointer)),
    "department": lambda value, pointer: Department(_line(value, pointer)),
    "geo": lambda value, pointer: Geo(_line(value, pointer)),
    "affiliate": lambda value, pointer: Affiliate(_line(value, pointer)),
    "title": lambda value, pointer: Title(_line(value, pointer)),
    "everybody": _everybody,
    "manager_of": lambda value, pointer: ManagerOf(_name(value, pointer)),
    "managers_of": lambda value, pointer: ManagersOf(_name(value, pointer)),
    "reports_of": lambda value, pointer: ReportsOf(_name(value, pointer)),
    "all_reports_of": lambda value, pointer: AllReportsOf(_name(value, pointer)),
}


def _below(pointer: str, key: object) -> str:
    return f"{pointer}/{str(key)[:100].replace('~', '~0').replace('/', '~1')}"
