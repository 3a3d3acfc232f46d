"""How Active Directory writes things down, without any network. Source: [MS-ADTS].

Samba and other servers that imitate it write the same.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts.directory import refusals
from accounts.directory.port import Person
from hub.lib.errors import HubError

Attributes = Mapping[str, Sequence[bytes]]  # names in lower case, values as they came

# Result code 49 says only "invalid credentials"; the reason is a Win32 error in hexadecimal at
# the end of the text: "80090308: LdapErr: DSID-0C090447, comment: …, data 532, v3839".
# All of these but 775 are told only to someone with the right password. Anything else (52e
# wrong password, 525 no such user, 52f restricted, 568 too many groups) proves nothing.
_SUB_CODE = re.compile(r"\bdata ([0-9a-f]{1,8})\b", re.IGNORECASE)
_REFUSALS: Mapping[str, Callable[[], HubError]] = {
    "530": refusals.SignInRestricted,  # not at this hour
    "531": refusals.SignInRestricted,  # not from this workstation
    "532": refusals.PasswordExpired,
    "533": refusals.AccountDisabled,
    "701": refusals.AccountDisabled,  # past accountExpires
    "773": refusals.PasswordMustChange,
    "775": refusals.AccountLocked,  # right password or not
}

_DISABLED = 0x2  # userAccountControl, ACCOUNTDISABLE
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = (0, 0x7FFF_FFFF_FFFF_FFFF)
_EXTENDED_DN = re.compile(
    r"<GUID=([0-9a-f-]{36})>;(?:<SID=[^>]*>;)?(.*)", re.IGNORECASE | re.DOTALL
)


class Nonsense(ValueError):
    """The directory's answer is not what its documentation promises."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Which attributes of this company's directory carry what the hub wants."""

    user_name: str = "sAMAccountName"
    employee_id: str = "employeeID"
    geo: str = "c"
    affiliate: str = "company"

    def declared(self) -> list[str]:
        """Everything the hub ever asks about a person."""
        return [
            *("objectGUID", self.user_name, self.employee_id, "mail", "displayName"),
            *("department", self.geo, self.affiliate, "title", "manager"),
            *("userAccountControl", "accountExpires"),
        ]


def refusal(diagnostic: str) -> HubError:
    """What a refused bind's diagnostic text means; InvalidCredentials unless it proves more."""
    found = _SUB_CODE.search(diagnostic)
    return _REFUSALS.get(found[1].lower() if found else "", refusals.InvalidCredentials)()


def person(attributes: Attributes, *, spelling: Spelling, now: datetime) -> Person:
    """The person of a search entry. Raises Nonsense if identity or standing is missing."""
    manager = _EXTENDED_DN.fullmatch(text(attributes, "manager"))
    flags, expires = text(attributes, "userAccountControl"), text(attributes, "accountExpires")
    try:
        expires_at = _moment(int(expires or 0))
        enabled = not int(flags) & _DISABLED and not (expires_at and expires_at <= now)
    except ValueError as error:
        raise Nonsense("an account without its standing") from error
    return Person(
        object_guid=guid(attributes),
        user_name=text(attributes, spelling.user_name),
        employee_id=text(attributes, spelling.employee_id),
        mail=text(attributes, "mail"),
        display_name=text(attributes, "displayName"),
        department=text(attributes, "department"),
        geo=text(attributes, spelling.geo),
        affiliate=text(attributes, spelling.affiliate),
        title=text(attributes, "title"),
        manager_guid=uuid.UUID(manager[1]) if manager else None,
        enabled=enabled,
        expires_at=expires_at,
    )


def guid(attributes: Attributes) -> uuid.UUID:
    """The objectGUID: 16 bytes, of which the first three fields are little-endian."""
    values = attributes.get("objectguid", ())
    if len(values) != 1 or len(values[0]) != 16:
        raise Nonsense("an entry without its objectGUID")
    return uuid.UUID(bytes_le=bytes(values[0]))


def split_dn(value: str) -> tuple[uuid.UUID, str]:
    """GUID and plain DN of an extended one, `<GUID=…>;<SID=…>;CN=…` ([MS-ADTS] 3.1.1.3.4.1.5)."""
    found = _EXTENDED_DN.fullmatch(value)
    if found is None:
        raise Nonsense("a name without its GUID")
    return uuid.UUID(found[1]), found[2]


def text(attributes: Attributes, name: str) -> str:
    """The (first) value of an attribute, empty if there is none."""
    values = attributes.get(name.lower(), ())
    try:
        # NUL is no character of a name, and PostgreSQL refuses it.
        return values[0].decode("utf-8").replace("\0", "") if values else ""
    except UnicodeDecodeError as error:
        raise Nonsense(f"{name} is not UTF-8") from error


def members(attributes: Attributes) -> tuple[list[uuid.UUID], int | None]:
    """The members in this piece of an answer, and where the next piece starts (None: complete).

    Long lists come in pieces named `member;range=0-1499`, the last one `member;range=1500-*`
    ([MS-ADTS] 3.1.1.3.1.3.3).
    """
    for name, values in attributes.items():
        base, _, window = name.partition(";range=")
        if base == "member" and (window or values):
            found = [split_dn(value.decode("utf-8"))[0] for value in values]
            last = window.partition("-")[2]
            return found, int(last) + 1 if last not in {"", "*"} else None
    return [], None


def _moment(ticks: int) -> datetime | None:
    """The moment of a FILETIME (100 ns since 1601); None for the two values that mean never."""
    if ticks in _NEVER:
        return None
    try:
        return _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:  # after the year 9999
        return None
