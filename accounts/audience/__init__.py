"""Who is meant: an expression of the contract becomes one SQL question over employees.

parsed = audience.validate(expression, pointer="/audience")
audience.matching(parsed)      a QuerySet of enabled employees, never a list
audience.unknown(parsed)       the names that match nobody, to be reported
"""

from accounts.audience.expression import Audience, validate
from accounts.audience.question import breakdown, count, matching, unknown

__all__ = ["Audience", "breakdown", "count", "matching", "unknown", "validate"]
