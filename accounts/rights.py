"""The rule: which rows a member of the staff may see, and what they may do to them.

A role says what may be done to which tables; its limits say to which rows. Each table declares
once what the roles may do to it and how its rows belong to a sub-system or to people (`declare`).
Everything that shows or changes rows asks here: `narrow` for many, `may` for one. A table that is
not declared is a superuser's alone.

Superusers may do everything. Permissions of Django's own (by hand, or by a group of the staff)
hold for all rows of a table, and for none while affiliates are kept apart: then roles alone count.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from accounts.models import RoleGrant, Staff

Role = RoleGrant.Role
OWNER, SENDER, AUDITOR = Role.OWNER, Role.SENDER, Role.AUDITOR
ADMINISTRATOR, PRIVACY_OFFICER, HELPDESK = Role.ADMINISTRATOR, Role.PRIVACY_OFFICER, Role.HELPDESK

User = Staff | AnonymousUser
# Whose notices go out by hand: they compose, release and withdraw.
SENDING: Final = (OWNER, SENDER, ADMINISTRATOR)
_EVERYTHING: Final = Q(pk__isnull=False)  # an empty Q would vanish from an OR
NONE: Final = Q(pk__isnull=True)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role with its limits, as the rule looks at it."""

    role: str
    subsystem_id: uuid.UUID | None = None
    geo: str = ""
    affiliate: str = ""

    @property
    def is_unlimited(self) -> bool:
        return self.subsystem_id is None and not self.geo and not self.affiliate


def grant_of(row: RoleGrant) -> Grant:
    """A row as the rule looks at it."""
    return Grant(row.role, row.subsystem_id, row.geo, row.affiliate)


# The rows of a table that a grant reaches; None: none.
Rows = Callable[[Grant], Q | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be done to the rows of one table: by verb (view, change, …) by which roles."""

    rows: Rows
    roles: Mapping[str, Collection[str]]
    wide: Collection[str]  # verbs of which no row bounds the effect: for unlimited grants only

    def reached(self, grant: Grant, verb: str) -> Q | None:
        """The rows to which this grant lets its bearer do that; None: none."""
        # Who may change a row may see it.
        verbs = ("view", "change") if verb == "view" else (verb,)
        if not any(grant.role in self.roles.get(one, ()) for one in verbs):
            return None
        if verb in self.wide and not grant.is_unlimited:
            return None
        return self.rows(grant)


_rules: dict[str, Rule] = {}


def declare(
    *models: type[Model], rows: Rows, wide: Collection[str] = (), **roles: Collection[str]
) -> None:
    """Say which roles may do what to these tables (`view={AUDITOR}`), and to which rows."""
    for model in models:
        _rules[model._meta.label_lower] = Rule(rows, roles, wide)


def declared(model: type[Model]) -> bool:
    """Whether the table has a rule."""
    return model._meta.label_lower in _rules


def of_subsystem(path: str) -> Rows:
    """Rows of a sub-system, which is found by this path from the row ("": the row itself).

    An affiliate's administrators reach sub-systems that are bound to that affiliate alone; a geo
    says which people, and no sub-system is of a geo.
    """
    key, affiliates = (f"{path}_id", f"{path}__affiliates") if path else ("pk", "affiliates")

    def rows(grant: Grant) -> Q | None:
        if grant.geo:
            return None
        if grant.subsystem_id is not None:
            return Q(**{key: grant.subsystem_id})
        return Q(**{affiliates: [grant.affiliate]}) if grant.affiliate else _EVERYTHING

    return rows


def of_employee(path: str) -> Rows:
    """Rows of a person, who is found by this path from the row ("": the row itself)."""
    before = f"{path}__" if path else ""

    def rows(grant: Grant) -> Q | None:
        if grant.subsystem_id is not None:
            return None
        found = _EVERYTHING
        if grant.geo:
            found &= Q(**{f"{before}geo": grant.geo})
        if grant.affiliate:
            found &= Q(**{f"{before}affiliate": grant.affiliate})
        return found

    return rows


def of_both(*, subsystem: str, employee: str) -> Rows:
    """Rows of a sub-system about a person: both limits hold."""
    by_subsystem = of_subsystem(subsystem)

    def rows(grant: Grant) -> Q | None:
        found = by_subsystem(grant)
        if found is None or not grant.affiliate:
            return found
        return found & Q(**{f"{employee}__affiliate": grant.affiliate})

    return rows


def of_the_hub(grant: Grant) -> Q | None:
    """Rows that belong to nobody in particular."""
    return _EVERYTHING if grant.is_unlimited else None


def grants_of(staff: User) -> tuple[Grant, ...]:
    """The grants of a member of the staff, read once a request (they are kept on the object)."""
    if not isinstance(staff, Staff) or not staff.is_active:
        return ()
    kept = getattr(staff, "_hub_grants", None)
    if kept is None:
        rows = RoleGrant.objects.filter(staff=staff).values_list(
            "role", "subsystem_id", "geo", "affiliate"
        )
        kept = tuple(Grant(*row) for row in rows)
        staff._hub_grants = kept  # type: ignore[attr-defined]
    return cast("tuple[Grant, ...]", kept)


def narrow(queryset: QuerySet[Any], *, staff: User, verb: str = "view") -> QuerySet[Any]:
    """Of these rows, those to which this member of the staff may do that."""
    model = queryset.model
    if may_everything(staff) or _by_django(staff, verb, model):
        return queryset
    found = [q for grant in grants_of(staff) if (q := _reached(model, grant, verb)) is not None]
    return queryset.filter(reduce(or_, found)) if found else queryset.none()


def may(staff: User, verb: str, what: Model | type[Model]) -> bool:
    """Whether they may do that to this row; given a table, to any row of it, now or later."""
    if isinstance(what, Model):
        rows = type(what)._default_manager.filter(pk=what.pk)
        return narrow(rows, staff=staff, verb=verb).exists()
    if may_everything(staff) or _by_django(staff, verb, what):
        return True
    return any(_reached(what, grant, verb) is not None for grant in grants_of(staff))


def roles_that(verb: str, model: type[Model]) -> frozenset[str]:
    """Which roles may do that to rows of the table."""
    rule = _rules.get(model._meta.label_lower)
    return frozenset() if rule is None else frozenset(rule.roles.get(verb, ()))


class Roles(BaseBackend):
    """Roles as Django's permissions: whatever asks `has_perm` is answered by the rule."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """`app.verb_model` of everything that may be done to some row."""
        if obj is not None:
            return set()
        grants = grants_of(user_obj)
        return {
            f"{label.partition('.')[0]}.{verb}_{label.partition('.')[2]}"
            for label, rule in _rules.items()
            for verb in rule.roles
            if any(rule.reached(grant, verb) is not None for grant in grants)
        }

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether there is anything to do in that app."""
        return any(each.startswith(f"{app_label}.") for each in self.get_all_permissions(user_obj))


def _reached(model: type[Model], grant: Grant, verb: str) -> Q | None:
    rule = _rules.get(model._meta.label_lower)
    return None if rule is None else rule.reached(grant, verb)


def may_everything(staff: User) -> bool:
    """Whether this is an active superuser."""
    return bool(staff.is_active and staff.is_superuser)


def _by_django(staff: User, verb: str, model: type[Model]) -> bool:
    if settings.AFFILIATES_SEPARATED or not isinstance(staff, Staff):
        return False
    verbs: Iterable[str] = ("view", "change") if verb == "view" else (verb,)
    held = ModelBackend().get_all_permissions(staff)
    app, name = model._meta.app_label, model._meta.model_name
    return any(f"{app}.{one}_{name}" in held for one in verbs)
