"""Sub-systems and the keys they prove themselves with."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Which sub-system speaks, with a live or a test key, as the key proved it."""

    subsystem_id: uuid.UUID
    key_id: uuid.UUID
    mode: str  # live | test
