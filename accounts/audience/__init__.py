"""Who is meant: an expression of the contract becomes one SQL question over employees.

parsed = audience.validate(expression, pointer="/audience")
audience.matching(parsed)      a QuerySet of enabled employees, never a list
audience.unknown(parsed)       the names that match nobody, to be reported
audience.kept(expression, within=ceilings)    as it is stored; audience.restore(…) reads it
audience.containing(several, employee_id=…)   which of them contain one employee
"""

from accounts.audience.expression import Audience, Name, bounded, kept, restore, validate
from accounts.audience.membership import containing
from accounts.audience.names import only_names, people
from accounts.audience.question import breakdown, count, inside, is_inside, matching, unknown

__all__ = [
    "Audience",
    "Name",
    "bounded",
    "breakdown",
    "containing",
    "count",
    "inside",
    "is_inside",
    "kept",
    "matching",
    "only_names",
    "people",
    "restore",
    "unknown",
    "validate",
]
