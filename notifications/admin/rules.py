"""What each role may do to the tables of the story; see `accounts.rights` for what it means.

Helpdesk is nowhere here, and privacy officers see the outbound ledger only: no content.
"""

from django.db.models import Q

from accounts import rights
from accounts.rights import ADMINISTRATOR, AUDITOR, OWNER, PRIVACY_OFFICER, SENDER, Grant
from notifications.models import (
    Breaker,
    Calendar,
    CallbackEvent,
    Category,
    Decision,
    Delivery,
    Errand,
    Holiday,
    Notification,
    Outbound,
    Prompt,
    Recipient,
    Response,
    Seat,
)


def _calendars(path: str) -> rights.Rows:
    """Those of a geo are its administrators', too."""

    def rows(grant: Grant) -> Q | None:
        if grant.geo and not grant.affiliate and grant.subsystem_id is None:
            return Q(**{f"{path}geo": grant.geo})
        return rights.of_the_hub(grant)

    return rows


READERS = {OWNER, SENDER, AUDITOR, ADMINISTRATOR}

rights.declare(
    Notification,
    rows=rights.of_subsystem("subsystem"),
    view=READERS,
    change={OWNER, SENDER, ADMINISTRATOR},
    read={AUDITOR},  # restricted content as well
)
rights.declare(Decision, Prompt, rows=rights.of_subsystem("notification__subsystem"), view=READERS)
for model, person in (
    (Recipient, "employee"),
    (Delivery, "employee"),
    (Seat, "holder"),
    (Response, "actor"),
):
    rights.declare(
        model,
        rows=rights.of_both(subsystem="notification__subsystem", employee=person),
        view=READERS,
    )
rights.declare(
    CallbackEvent,
    rows=rights.of_subsystem("subsystem"),
    view={OWNER, AUDITOR, ADMINISTRATOR},
    change={OWNER, ADMINISTRATOR},
)
rights.declare(Breaker, rows=rights.of_subsystem("subsystem"), view={OWNER, AUDITOR, ADMINISTRATOR})
rights.declare(
    Category,
    rows=rights.of_subsystem("subsystem"),
    view=READERS,
    change={OWNER, ADMINISTRATOR},
    add={OWNER, ADMINISTRATOR},
)
rights.declare(
    Errand,
    rows=rights.of_subsystem("subsystem"),
    view={OWNER, ADMINISTRATOR},
    change={ADMINISTRATOR},
    switch={ADMINISTRATOR},
    wide={"switch"},
)
rights.declare(
    Calendar,
    rows=_calendars(""),
    view={ADMINISTRATOR},
    change={ADMINISTRATOR},
    add={ADMINISTRATOR},
    wide={"add"},
)
rights.declare(Holiday, rows=_calendars("calendar__"), view={ADMINISTRATOR}, delete={ADMINISTRATOR})
rights.declare(Outbound, rows=rights.of_the_hub, view={PRIVACY_OFFICER, AUDITOR, ADMINISTRATOR})
