"""Sessions and phones: which device speaks, where it is reached, when it ends."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Session:
    """Who speaks through which device, as an access token proved it."""

    device_id: uuid.UUID
    employee_id: uuid.UUID
