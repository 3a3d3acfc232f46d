"""Finding a colleague by the beginning of a name, a mail address or an employee id."""

import uuid

from django.db.models.functions import Lower

from accounts import affiliates
from accounts.models import Employee

SHORTEST = 2  # characters
AT_MOST = 20  # people


def search(text: str, *, without: uuid.UUID) -> list[Employee]:
    """The first enabled colleagues by name whose name, mail address or id begins like this.

    Each of the three is asked by its own index, so that a search costs the same in a company of
    a million; a text shorter than SHORTEST finds nobody.
    """
    wanted = text.strip().lower()
    if len(wanted) < SHORTEST:
        return []
    found: dict[uuid.UUID, Employee] = {}
    for column in ("display_name", "mail", "employee_id"):
        known = affiliates.colleagues(Employee.objects.all(), of=without)
        begins = known.annotate(found=Lower(column)).filter(found__startswith=wanted)
        enabled = begins.filter(disabled_at=None).exclude(pk=without).order_by("found", "id")
        found |= {one.pk: one for one in enabled[:AT_MOST]}
    return sorted(found.values(), key=lambda one: (one.display_name, one.employee_id))[:AT_MOST]
