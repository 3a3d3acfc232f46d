"""What a look at one part comes to."""

import enum
from dataclasses import dataclass


class Grade(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and should be looked after
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence on one part, and what to do unless it is well."""

    part: str
    grade: Grade
    said: str
    remedy: str = ""
