"""Who is meant: an expression of the contract becomes one SQL question over employees.

parsed = audience.validate(expression, pointer="/audience")
audience.matching(parsed)      a QuerySet of enabled employees, never a list
audience.unknown(parsed)       the names that match nobody, to be reported
"""

from accounts.audience.expression import Audience, Name, validate
from accounts.audience.names import only_names, people
from accounts.audience.question import breakdown, count, matching, unknown

__all__ = [
    "Audience",
    "Name",
    "breakdown",
    "count",
    "matching",
    "only_names",
    "people",
    "unknown",
    "validate",
]
