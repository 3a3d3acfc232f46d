"""Whom names name, for many names by one statement; see `only_names` for when that is enough."""

from collections.abc import Iterable
from typing import Final

from accounts.audience.expression import Audience, Employees, Name

# By kind of name: (kind, name as written, id, whether enabled). One SELECT a kind, so that each
# can use its index; both sides are lowered by the database (see accounts.audience.question).
_SELECT: Final = {
    "id": "SELECT 'id' AS kind, employee_id::text AS name, id, disabled_at IS NULL AS enabled"
    " FROM accounts_employee WHERE employee_id = ANY (%(names_id)s::text[])",
    "upn": "SELECT 'upn', asked.name, employee.id, employee.disabled_at IS NULL"
    " FROM unnest(%(names_upn)s::text[]) AS asked (name)"
    " JOIN accounts_employee AS employee ON lower(employee.user_name) = lower(asked.name)",
    "mail": "SELECT 'mail', asked.name, employee.id, employee.disabled_at IS NULL"
    " FROM unnest(%(names_mail)s::text[]) AS asked (name)"
    " JOIN accounts_employee AS employee ON lower(employee.mail) = lower(asked.name)",
}


def only_names(audience: Audience) -> tuple[Name, ...] | None:
    """The names in `any`, if the audience says nothing else; None if it must be asked by SQL."""
    if audience.all or audience.none or audience.within:
        return None
    names: list[Name] = []
    for item in audience.any:
        if not isinstance(item, Employees):
            return None
        names += item.names
    return tuple(dict.fromkeys(names))


def people(names: Iterable[Name]) -> tuple[str, dict[str, list[str]]]:
    """A query of (kind, name, id, enabled) for everybody so named, and its parameters."""
    kinds: dict[str, list[str]] = {"id": []}
    for name in names:
        kinds.setdefault(name.kind, []).append(name.value)
    query = " UNION ALL ".join(_SELECT[kind] for kind in kinds)
    return query, {f"names_{kind}": values for kind, values in kinds.items()}
