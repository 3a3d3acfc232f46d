"""What the accounts hold of a person, for an export and an erasure."""

from collections.abc import Mapping

from django.db.models import Model, QuerySet

from accounts.models import (
    Acceptance,
    Access,
    Activation,
    Consent,
    Device,
    Employee,
    FeedRecord,
    GroupMember,
    PrivacyArchive,
    PrivacyRequest,
)
from hub.lib.portions import Person, Portion, by, delete


def _feed(person: Person) -> QuerySet:
    return FeedRecord.objects.filter(employee_id=person.employee_id)


def _requests(person: Person) -> QuerySet:
    return PrivacyRequest.objects.filter(employee_id=person.id).exclude(kind="disclosure")


def _archives(person: Person) -> QuerySet:
    return PrivacyArchive.objects.filter(request__employee_id=person.id)


_TECHNICAL = frozenset({"access_digest", "installation_index", "push_address_index"})

PORTIONS = (
    Portion(
        Employee, by("pk", Employee), kept="blanked by the erasure itself, as an empty name plate"
    ),
    Portion(
        Activation,
        by("device__employee", Activation),
        erase=delete,
        without=frozenset({"address_index"}),
    ),
    Portion(Device, by("employee", Device), erase=delete, without=_TECHNICAL),
    Portion(Access, by("employee", Access), erase=delete, without=frozenset({"address_index"})),
    Portion(GroupMember, by("employee", GroupMember), erase=delete),
    Portion(FeedRecord, _feed, erase=delete),
    Portion(Acceptance, by("employee", Acceptance), erase=delete),
    Portion(Consent, by("employee", Consent), erase=delete),
    Portion(PrivacyRequest, _requests, kept="proof that it was answered; purged after 3 years"),
    Portion(PrivacyArchive, _archives, erase=delete, without=frozenset({"content"})),
)

# Tables with personal columns that are in no export, and why.
ELSEWHERE: Mapping[type[Model] | str, str] = {
    "accounts.AuditEvent": "ids only; a legal obligation, which an erasure does not end",
    "accounts.ApiKey": "of a member of the staff, not of an employee",
    "accounts.RoleGrant": "of members of the staff",
    "accounts.Staff": "not an employee: an account of the administration",
    "accounts.KeptOut": "a keyed hash, which keeps an erased person out",
    "accounts.SignInBudget": "a keyed hash of a name, for one window",
    "accounts.SignInSource": "keyed hashes, for one window",
    "accounts.SignInAlarm": "an address of somebody who tried many names, not of an employee",
    "accounts.IdempotencyRecord": "copies of answers, for a day",
    "accounts.StagedPerson": "emptied by each synchronisation",
    "accounts.StagedRecord": "emptied by each reading of the feed",
    "accounts.LegalHold": "evidence, which is not told to whom it is about",
}
