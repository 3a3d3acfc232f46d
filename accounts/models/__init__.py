"""Who may speak to the hub, through which phone, and who is meant by an audience."""

from accounts.models.access import Access
from accounts.models.activation import Activation
from accounts.models.audit import AuditEvent, AuditSeal
from accounts.models.device import Device, RefreshToken
from accounts.models.employee import Employee
from accounts.models.feed import FeedRecord, StagedRecord
from accounts.models.group import Group, GroupMember, GroupNesting
from accounts.models.idempotency import IdempotencyRecord
from accounts.models.privacy import Acceptance, Consent, PrivacyNotice
from accounts.models.rights import LegalHold, PrivacyArchive, PrivacyRequest
from accounts.models.role import GroupRole, RoleGrant
from accounts.models.sign_in_budget import SignInAlarm, SignInBudget, SignInSource
from accounts.models.staff import Staff
from accounts.models.subsystem import ApiKey, CallbackSecret, Subsystem
from accounts.models.synchronisation import (
    KeptOut,
    StagedGroup,
    StagedMember,
    StagedPerson,
    StagedPresence,
    Synchronisation,
)

__all__ = [
    "Acceptance",
    "Access",
    "Activation",
    "ApiKey",
    "AuditEvent",
    "AuditSeal",
    "CallbackSecret",
    "Consent",
    "Device",
    "Employee",
    "FeedRecord",
    "Group",
    "GroupMember",
    "GroupNesting",
    "GroupRole",
    "IdempotencyRecord",
    "KeptOut",
    "LegalHold",
    "PrivacyArchive",
    "PrivacyNotice",
    "PrivacyRequest",
    "RefreshToken",
    "RoleGrant",
    "SignInAlarm",
    "SignInBudget",
    "SignInSource",
    "Staff",
    "StagedGroup",
    "StagedMember",
    "StagedPerson",
    "StagedPresence",
    "StagedRecord",
    "Subsystem",
    "Synchronisation",
]
