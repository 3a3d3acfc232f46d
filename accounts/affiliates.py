"""Keeping the people of one affiliate from those of the others, where the setting says so."""

import uuid
from collections.abc import Collection

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Employee


def colleagues(people: QuerySet[Employee], *, of: uuid.UUID) -> QuerySet[Employee]:
    """Those of these people of whom this employee may know.

    Who has no affiliate knows those who have none either.
    """
    if not settings.AFFILIATES_SEPARATED:
        return people
    return people.filter(affiliate__in=Employee.objects.filter(pk=of).values("affiliate"))


def are_apart(employee_ids: Collection[uuid.UUID], affiliates: Collection[str]) -> bool:
    """Whether none of these people is of one of these affiliates; no affiliates: of any."""
    if not affiliates:
        return False
    found = Employee.objects.filter(pk__in=employee_ids, affiliate__in=affiliates)
    return not found.exists()
