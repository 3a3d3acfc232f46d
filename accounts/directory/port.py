"""What the hub asks of a directory of employees, whichever product answers."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    expires_at: datetime | None = None  # the account's last moment; None: it has none
    affiliate: str = ""  # the company of the group that employs the person
    admitted: bool = True  # False: not in the required group; told of one person only


@dataclass(frozen=True, slots=True)
class Group:
    """One group and what is directly in it; groups may nest, even in a circle."""

    object_guid: uuid.UUID
    name: str
    member_guids: frozenset[uuid.UUID]  # people
    child_guids: frozenset[uuid.UUID]  # groups


@dataclass(frozen=True, slots=True)
class Piece:
    """A group, and some of what is directly in it: long lists come in several pieces."""

    object_guid: uuid.UUID
    name: str
    member_guids: Sequence[uuid.UUID]  # people, groups, and whatever else


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a reading was: the number up to which one controller's changes are in it."""

    source: str  # one life of one controller's numbering: numbers of two cannot be compared
    number: int


@dataclass(frozen=True, slots=True)
class LockOut:
    """The domain's own rule: so many failed tries within this time lock an account."""

    tries: int  # 0: none ever does
    window: timedelta


class Reading(Protocol):
    """One controller's people and groups: all of them, or those that changed since a mark.

    Whatever is read comes page by page. Every iterator stops with an error, never short; a
    person or a group that changes meanwhile may be in it as before or as after.
    """

    @property
    def mark(self) -> Mark | None:
        """From where the next reading may go on once this one is done; None: from nowhere."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether people() and groups() tell all there are, and not only what changed."""
        ...

    def people(self) -> Iterator[Sequence[Person]]:
        """The people, enabled or not."""
        ...

    def groups(self) -> Iterator[Sequence[Piece]]:
        """The groups; every piece of a group that is among them."""
        ...

    def present(self) -> Iterator[Sequence[uuid.UUID]]:
        """Which people there are, changed or not: who is missing here has left the directory."""
        ...

    def present_groups(self) -> Iterator[Sequence[uuid.UUID]]:
        """Which groups there are, changed or not."""
        ...


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

    def groups_of(self, *, object_guid: uuid.UUID) -> frozenset[uuid.UUID]:
        """Every group that person is in now, nested ones included; none for somebody unknown."""
        ...

    def lock_out(self) -> LockOut | None:
        """The rule for most accounts; None if it cannot be read, or there is none.

        Single accounts may have a stricter one (fine-grained policies), which is not told.
        """
        ...

    def read(self, *, since: Mapping[str, int]) -> AbstractContextManager[Reading]:
        """A reading of what changed since the mark of its source; of everything if none fits.

        `since` has the number of each source's last mark.
        """
        ...
