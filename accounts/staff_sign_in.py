"""Staff sign in with the directory's name and password; its groups say what they may do.

A group of the directory makes somebody a member of the staff: one that gives a role
(`accounts.roles`), or the one whose members are superusers. Groups are looked at at every sign-in;
somebody who is in none of them any more is let in no more. A session ends with the next request
once the account is disabled in the hub.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts import addresses, audit, people, roles, sign_in
from accounts.directory import choose, port
from accounts.directory import refusals as directory_refusals
from accounts.models import Employee, Group, GroupRole, RoleGrant, Staff
from hub.lib import clock, logging

log = logging.get(__name__)

_NAME_AT_MOST = 150  # characters


class DirectoryStaff(BaseBackend):
    """Django's seam to `enter`, and the look at the account at every request."""

    @sensitive_variables("password", "username")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> Staff | None:
        """The member of the staff; None for a wrong name or password, and for who is no staff.

        Raises the other refusals of `sign_in.prove`: the sign-in form tells them.
        """
        if request is None or not username or not password or not _is_wanted():
            return None
        try:
            return enter(
                directory=choose.configured(),
                user_name=username,
                password=password,
                client_address=addresses.of_client(request),
                now=clock.now(),
            )
        except directory_refusals.InvalidCredentials:
            return None

    def get_user(self, user_id: int) -> Staff | None:
        """The signed-in member of the staff, unless their account was disabled meanwhile."""
        staff = Staff.objects.filter(pk=user_id, is_active=True).first()
        if staff is None or staff.object_guid is None:
            return None
        enabled = Employee.objects.filter(object_guid=staff.object_guid, disabled_at=None)
        return staff if enabled.exists() else None


@sensitive_variables("password", "user_name")
def enter(
    *,
    directory: port.Directory,
    user_name: str,
    password: str,
    client_address: str,
    now: datetime,
) -> Staff | None:
    """Sign a member of the staff in; None if the directory makes them none.

    The try counts with those of the person's phones. Raises as `sign_in.prove`, and NotAnEmployee.
    """
    person = sign_in.prove(
        directory=directory,
        user_name=user_name,
        password=password,
        installation=None,
        client_address=client_address,
        now=now,
    )
    groups = directory.groups_of(object_guid=person.object_guid)
    people.upsert(person=person, now=now)
    with transaction.atomic():
        return _take_over(person, groups, now=now)


def _take_over(person: port.Person, groups: frozenset[uuid.UUID], *, now: datetime) -> Staff | None:
    """Make the staff's row say what the groups say."""
    known = Staff.objects.select_for_update().filter(object_guid=person.object_guid).first()
    is_superuser = _superusers() in groups
    chosen = is_superuser or GroupRole.objects.filter(group_guid__in=groups).exists()
    if known is None and not chosen:
        return None
    name = person.user_name
    if len(name) > _NAME_AT_MOST or _is_anothers(name, known):
        # An account that calls itself like a local member of the staff must not become them.
        log.error("staff_name_taken", object_guid=str(person.object_guid))
        return None
    staff = known or Staff(object_guid=person.object_guid, password="!")  # noqa: S106 (none)
    staff.username, staff.email = name, person.mail[:254]
    staff.first_name = person.display_name[:_NAME_AT_MOST]
    before = None if known is None else _rights(staff)
    if known is not None and not known.is_active:
        return None  # taken away by hand: the directory does not give it back
    staff.is_superuser, staff.is_staff = is_superuser, True
    staff.save()
    roles.from_directory(staff=staff, groups=groups, now=now)
    if not chosen and not RoleGrant.objects.filter(staff=staff).exists():
        staff.is_staff = False
        staff.save(update_fields=["is_staff"])
    after = _rights(staff)
    if after != before:
        action = "staff_created" if known is None else "staff_changed"
        _note(staff, action, now=now, data={"rights": after, "by": "directory"})
    if not staff.is_staff:
        return None
    _note(staff, "staff_signed_in", now=now, data={})
    return staff


def _is_wanted() -> bool:
    """Whether any group makes somebody a member of the staff: else nobody's password is asked."""
    return bool(settings.DIRECTORY_SUPERUSERS_GROUP) or GroupRole.objects.exists()


def _superusers() -> uuid.UUID | None:
    """The group whose members are superusers, as the last synchronisation knew it by its name."""
    name = settings.DIRECTORY_SUPERUSERS_GROUP
    if not name:
        return None
    found = Group.objects.filter(name__iexact=name).values_list("object_guid", flat=True)[:2]
    if len(found) != 1:
        log.error("superusers_group_not_found", found=len(found))
        return None
    return found[0]


def _is_anothers(name: str, known: Staff | None) -> bool:
    others = Staff.objects.filter(username__iexact=name)
    return (others if known is None else others.exclude(pk=known.pk)).exists()


def _rights(staff: Staff) -> dict[str, bool]:
    return {"staff": staff.is_staff, "superuser": staff.is_superuser}


def _note(staff: Staff, action: str, *, now: datetime, data: dict[str, Any]) -> None:
    audit.record(
        now=now, actor=audit.Actor("staff", str(staff.pk)), action=action,
        subject_kind="staff", subject_id=staff.pk, data=data,
    )  # fmt: skip
