"""What the hub asks of a directory of employees, whichever product answers."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """What the directory says of one employee: only the attributes the hub declares.

    Absent values are empty strings. Identity is `object_guid`; every name may change.

    Personal data: all of it.
    """

    object_guid: uuid.UUID
    user_name: str  # what the person signs in with, as the directory spells it
    employee_id: str
    mail: str
    display_name: str
    department: str
    geo: str
    title: str
    manager_guid: uuid.UUID | None
    enabled: bool  # False: switched off, or past the account's last day


@dataclass(frozen=True, slots=True)
class Group:
    """One group and what is directly in it; groups may nest, even in a circle."""

    object_guid: uuid.UUID
    name: str
    member_guids: frozenset[uuid.UUID]  # people
    child_guids: frozenset[uuid.UUID]  # groups


class Directory(Protocol):
    """A source of employees. Every method may raise `refusals.DirectoryUnavailable`.

    An answer is complete or it is an error: callers may take absence for absence.
    """

    def authenticate(self, *, user_name: str, password: str) -> Person:
        """The person whose password this is, as the directory knows them at this moment.

        At most one failed try is added at the directory, whatever happens. Raises
        InvalidCredentials (equally for a wrong password, an unknown name and a locked account)
        and, only once the password is proved right, PasswordExpired, PasswordMustChange,
        AccountDisabled or SignInRestricted.
        """
        ...

    def look_up(self, *, object_guid: uuid.UUID, within: timedelta | None = None) -> Person | None:
        """That person now, enabled or not; None if the directory has no such person.

        The answer, or DirectoryUnavailable, comes `within` this time.
        """
        ...

    def people(self) -> Iterator[Person]:
        """Every person of the directory, enabled or not; stops with an error, never short."""
        ...

    def groups(self) -> Iterator[Group]:
        """Every group of the directory; stops with an error, never short."""
        ...
