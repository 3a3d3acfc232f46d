"""What a table says of its personal columns: why they are kept, on what basis, for how long.

Every model lists each of its columns that can hold words or identify a person in exactly one
of `personal` or `not_personal`; an architecture test refuses a model that forgets one.
"""

from dataclasses import dataclass
from typing import Literal

Basis = Literal["contract", "legal_obligation", "legitimate_interest", "consent"]


@dataclass(frozen=True)
class Personal:
    """One personal column: its purpose, the legal basis (GDPR Art. 6), and when it goes."""

    purpose: str
    basis: Basis
    retention: str
