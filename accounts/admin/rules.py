"""What each role may do to the tables of accounts; see `accounts.rights` for what it means.

Not here: members of the staff and their groups, which are the superusers' alone.
"""

from django.db.models import Q

from accounts import rights
from accounts.models import (
    Access,
    ApiKey,
    AuditEvent,
    CallbackSecret,
    Device,
    Employee,
    GroupRole,
    LegalHold,
    PrivacyNotice,
    PrivacyRequest,
    RoleGrant,
    SignInAlarm,
    Subsystem,
    Synchronisation,
)
from accounts.rights import (
    ADMINISTRATOR,
    AUDITOR,
    HELPDESK,
    OWNER,
    PRIVACY_OFFICER,
    SENDER,
    Grant,
)


def _events(grant: Grant) -> Q | None:
    """Of a sub-system: what happened to itself, its keys and its settings."""
    if grant.subsystem_id is not None:
        return Q(subject_kind="subsystem", subject_id=str(grant.subsystem_id))
    return rights.of_the_hub(grant)


def _roles(grant: Grant) -> Q | None:
    """Of a sub-system: who has a role in it."""
    if grant.subsystem_id is not None:
        return Q(subsystem_id=grant.subsystem_id)
    return rights.of_the_hub(grant)


rights.declare(
    Employee,
    rows=rights.of_employee(""),
    view={ADMINISTRATOR, PRIVACY_OFFICER, HELPDESK},
    change={ADMINISTRATOR, HELPDESK},
)
rights.declare(
    Device,
    rows=rights.of_employee("employee"),
    view={ADMINISTRATOR, PRIVACY_OFFICER, HELPDESK},
    change={ADMINISTRATOR, HELPDESK},
)
rights.declare(Access, rows=rights.of_employee("employee"), view={ADMINISTRATOR, PRIVACY_OFFICER})
rights.declare(
    Subsystem,
    rows=rights.of_subsystem(""),
    view={OWNER, SENDER, AUDITOR, ADMINISTRATOR},
    change={OWNER, ADMINISTRATOR},
    add={ADMINISTRATOR},
    limit={ADMINISTRATOR},  # what bounds its owner is not the owner's to change
    wide={"add", "limit"},
)
rights.declare(
    ApiKey,
    CallbackSecret,
    rows=rights.of_subsystem("subsystem"),
    view={OWNER, AUDITOR, ADMINISTRATOR},
    change={OWNER, ADMINISTRATOR},
    limit={ADMINISTRATOR},
    wide={"limit"},
)
rights.declare(AuditEvent, rows=_events, view={AUDITOR, PRIVACY_OFFICER, ADMINISTRATOR})
rights.declare(
    RoleGrant,
    rows=_roles,
    view={OWNER, AUDITOR, ADMINISTRATOR},
    change={ADMINISTRATOR},
    add={ADMINISTRATOR},
)
rights.declare(
    GroupRole,
    rows=rights.of_the_hub,
    view={AUDITOR, ADMINISTRATOR},
    change={ADMINISTRATOR},
    add={ADMINISTRATOR},
)
rights.declare(
    PrivacyNotice,
    rows=rights.of_the_hub,
    view={PRIVACY_OFFICER, AUDITOR, ADMINISTRATOR},
    change={PRIVACY_OFFICER},
    add={PRIVACY_OFFICER},
)
rights.declare(SignInAlarm, Synchronisation, rows=rights.of_the_hub, view={AUDITOR, ADMINISTRATOR})
rights.declare(
    PrivacyRequest,
    LegalHold,
    rows=rights.of_the_hub,
    view={PRIVACY_OFFICER, AUDITOR},
    change={PRIVACY_OFFICER},
    add={PRIVACY_OFFICER},
)
