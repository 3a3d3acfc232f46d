"""How often modules are opened: by day, of nobody in particular."""

from datetime import datetime
from typing import Literal

from django.db import connection

from selfserve.models import Module

Counted = Literal["launches", "exchanges", "submissions"]
ADD = """
INSERT INTO selfserve_launchcount (module_id, day, launches, exchanges, submissions)
VALUES (%(module)s, %(day)s, %(launches)s, %(exchanges)s, %(submissions)s)
    ON CONFLICT (module_id, day) DO UPDATE
   SET launches = selfserve_launchcount.launches + EXCLUDED.launches,
       exchanges = selfserve_launchcount.exchanges + EXCLUDED.exchanges,
       submissions = selfserve_launchcount.submissions + EXCLUDED.submissions
"""


def add(module: Module, what: Counted, *, now: datetime) -> None:
    """One more on this day (UTC). The last statement of a transaction: others wait for the row."""
    numbers = dict.fromkeys(("launches", "exchanges", "submissions"), 0) | {what: 1}
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"module": module.pk, "day": now.date(), **numbers})
