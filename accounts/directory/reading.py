"""Reading one domain controller: everything, or what changed since a mark.

Active Directory numbers the changes of each controller (uSNChanged); the numbers of two
controllers have nothing to do with each other, and a controller that is restored begins a new
life, with a new invocation id. So a mark belongs to an invocation id, and a controller without a
mark is read completely. Not DirSync: it needs a right that service accounts do not have.

What no number tells is compared: a deleted or moved account is seen only by its absence from the
list of all of them.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from accounts.directory import active_directory, deadline, ldap, refusals
from accounts.directory.port import Mark, Person, Piece
from hub.lib import logging

log = logging.get(__name__)

MEMBERS_AT_ONCE = 1500  # Active Directory gives at most this many
GROUPS = "(objectCategory=group)"


class DomainReading:
    """A `port.Reading` over one open session; every request to the controller has its deadline."""

    def __init__(
        self,
        *,
        session: ldap.Session,
        root: Mark | None,
        pool: deadline.Pool,
        config: ldap.Config,
        people: str,
        since: Mapping[str, int],
        now: datetime,
    ) -> None:
        self.mark = root  # its number was read before everything else: what comes later comes again
        self._session, self._pool, self._config = session, pool, config
        self._everybody, self._now = people, now
        known = None if root is None else since.get(root.source)
        # A number lower than the mark: not the life it was. Then nothing is known.
        usable = known is not None and root is not None and known <= root.number
        self.is_complete = not usable
        self._changed = "" if known is None or not usable else f"(uSNChanged>={known + 1})"

    def people(self) -> Iterator[Sequence[Person]]:
        """See `port.Reading`."""
        spelling = self._config.spelling
        for page in self._pages(self._everybody, self._changed, spelling.declared()):
            yield [
                active_directory.person(attributes, spelling=spelling, now=self._now)
                for _, attributes in page
            ]

    def groups(self) -> Iterator[Sequence[Piece]]:
        """See `port.Reading`. First pieces of all groups, then the rest of the long ones."""
        unfinished: list[tuple[uuid.UUID, str, int]] = []
        for page in self._pages(GROUPS, self._changed, ["objectGUID", "sAMAccountName", window(0)]):
            pieces = []
            for _, attributes in page:
                guid = active_directory.guid(attributes)
                name = active_directory.text(attributes, "sAMAccountName")
                found, more = active_directory.members(attributes)
                pieces.append(Piece(guid, name, found))
                if more is not None:
                    unfinished.append((guid, name, more))
            yield pieces
        for guid, name, start in unfinished:
            following: int | None = start
            while following is not None:
                attributes = self._one(guid, window(following))
                found, following = active_directory.members(attributes)
                yield [Piece(guid, name, found)]

    def present(self) -> Iterator[Sequence[uuid.UUID]]:
        """See `port.Reading`."""
        return self._guids(self._everybody)

    def present_groups(self) -> Iterator[Sequence[uuid.UUID]]:
        """See `port.Reading`."""
        return self._guids(GROUPS)

    def _guids(self, condition: str) -> Iterator[Sequence[uuid.UUID]]:
        for page in self._pages(condition, "", ["objectGUID"]):
            yield [active_directory.guid(attributes) for _, attributes in page]

    def _one(self, guid: uuid.UUID, attribute: str) -> active_directory.Attributes:
        page, _ = self._in_time(
            "(objectClass=*)", attributes=[attribute], base=f"<GUID={guid}>", cookie=b""
        )
        if len(page) != 1:  # deleted in this moment: half of its members is no answer
            raise refusals.DirectoryUnavailable
        return page[0][1]

    def _pages(
        self, condition: str, more: str, attributes: list[str]
    ) -> Iterator[list[ldap.Entry]]:
        condition = f"(&{condition}{more})" if more else condition
        page, cookie = self._in_time(condition, attributes=attributes, base="", cookie=b"")
        yield page
        while cookie:  # it belongs to this connection
            page, cookie = self._in_time(condition, attributes=attributes, base="", cookie=cookie)
            yield page

    def _in_time(
        self, condition: str, *, attributes: list[str], base: str, cookie: bytes
    ) -> tuple[list[ldap.Entry], bytes]:
        try:
            return self._pool.run(
                lambda: self._session.search(
                    condition, attributes=attributes, base=base, cookie=cookie
                ),
                seconds=self._config.total_timeout.total_seconds(),
                cut=self._session.cut,
            )
        except Exception as error:
            log.warning(
                "directory_read_broke_off", server=self._session.server, reason=repr(error)[:300]
            )
            raise refusals.DirectoryUnavailable from error


def window(start: int) -> str:
    """The attribute that asks for the members from that place on."""
    return f"member;range={start}-{start + MEMBERS_AT_ONCE - 1}"
