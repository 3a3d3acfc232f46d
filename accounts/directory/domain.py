"""The employees of an Active Directory domain, asked through whichever controller answers.

A sign-in is one connection: bind as the service account, find the one entry with that name,
bind once as its DN. Binding with the typed name itself would be a step less, but Active
Directory tries such a name as UPN, account name, display name and more, so that one account
would answer to several spellings, each with its own budget of tries; and what is read at
sign-in is read with the same rights as in the synchronisation.

A person's password is never sent a second time: an unclear answer to it is an error, not a
reason to ask another controller, because each bind may count as one more failed try.
"""

import contextlib
import dataclasses
import functools
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from accounts.directory import (
    active_directory,
    credentials,
    deadline,
    ldap,
    port,
    reading,
    refusals,
)
from accounts.directory.port import Person
from hub.lib import clock, logging
from hub.lib.errors import HubError

log = logging.get(__name__)

THREADS = 16  # conversations at the same time in one process
SUSPECT_FOR_SECONDS = 30  # a controller that failed is asked last for this long

# Accounts of people: neither computers nor trusts nor contacts, and 0x200 (NORMAL_ACCOUNT)
# matches only where we may read the flags that tell a disabled account. Who has no employee id
# (a service account) is no employee.
_PEOPLE = (
    "(objectCategory=person)(objectClass=user)"
    "(userAccountControl:1.2.840.113556.1.4.803:=512)({employee_id}=*)"
)


class DomainDirectory:
    """A `Directory` over the domain controllers of one domain. Thread-safe; connects lazily."""

    def __init__(self, *, config: ldap.Config, now: Callable[[], datetime] = clock.now) -> None:
        self._config, self._spelling, self._now = config, config.spelling, now
        self._pool = deadline.Pool(threads=THREADS, name="directory")
        self._lock = threading.Lock()
        self._suspect_until: dict[str, float] = {}  # server -> time.monotonic()

    def authenticate(self, *, user_name: str, password: str) -> Person:
        """See `port.Directory`. An unknown name costs a bind as well, as nobody."""
        possible = credentials.name_is_possible(user_name)
        if not possible or not credentials.password_is_possible(password):
            raise refusals.InvalidCredentials

        def sign_in(session: ldap.Session) -> Person:
            found = [
                (dn, person)
                for dn, person in self._find(session, self._spelling.user_name, user_name)
                if credentials.name_key(person.user_name) == credentials.name_key(user_name)
            ]
            if len(found) != 1:
                nobody = f"CN={uuid.uuid4()},{self._config.base_dn}"
                session.prove(nobody, secrets.token_hex(16).encode())
                raise refusals.InvalidCredentials
            [(dn, person)] = found
            session.prove(dn, password.encode("utf-8"))
            if not person.enabled:
                raise refusals.AccountDisabled
            if not self._admits(session, person):
                raise refusals.NotAdmitted
            return person

        return self._ask(sign_in)

    def look_up(self, *, object_guid: uuid.UUID, within: timedelta | None = None) -> Person | None:
        """See `port.Directory`."""
        octets = _octets(object_guid)

        def look(session: ldap.Session) -> Person | None:
            found = self._find(session, "objectGUID", octets, is_escaped=True)
            if not found:
                return None
            [(_, person)] = found
            return dataclasses.replace(person, admitted=self._admits(session, person))

        return self._ask(look, within=within)

    def groups_of(self, *, object_guid: uuid.UUID) -> frozenset[uuid.UUID]:
        """See `port.Directory`. Primary groups list no members, and are not told."""

        def look(session: ldap.Session) -> frozenset[uuid.UUID]:
            found = self._find(session, "objectGUID", _octets(object_guid), is_escaped=True)
            if not found:
                return frozenset()
            inside = f"(member:1.2.840.113556.1.4.1941:={ldap.escaped(found[0][0])})"
            groups: set[uuid.UUID] = set()
            cookie, more = b"", True
            while more:
                page, cookie = session.search(
                    f"(&{reading.GROUPS}{inside})", attributes=["objectGUID"], cookie=cookie
                )
                groups |= {active_directory.guid(attributes) for _, attributes in page}
                more = bool(cookie)
            return frozenset(groups)

        return self._ask(look)

    def lock_out(self) -> port.LockOut | None:
        """See `port.Directory`."""
        return self._ask(lambda session: session.lock_out())

    @contextlib.contextmanager
    def read(self, *, since: Mapping[str, int]) -> Iterator[port.Reading]:
        """See `port.Directory`. The controller that answers first is read to the end.

        A cookie of pages and a number of changes belong to one controller: whatever breaks after
        the beginning is an error, and no reason to go on elsewhere.
        """
        session, root = self._ask(lambda session: (session, session.root()), keep_open=True)
        try:
            yield reading.DomainReading(
                session=session,
                root=root,
                pool=self._pool,
                config=self._config,
                people=self._people(),
                since=since,
                now=self._now(),
            )
        finally:
            session.close()

    def _find(
        self, session: ldap.Session, attribute: str, value: str, *, is_escaped: bool = False
    ) -> list[tuple[str, Person]]:
        wanted = value if is_escaped else ldap.escaped(value)
        entries, _ = session.search(
            self._people(f"({attribute}={wanted})"), attributes=self._spelling.declared()
        )
        return [
            (active_directory.split_dn(dn)[1], self._person(attributes))
            for dn, attributes in entries
        ]

    def _admits(self, session: ldap.Session, person: Person) -> bool:
        """Whether the person is in the required group, or in a group inside it."""
        name = self._config.required_group
        if not name:
            return True
        groups, _ = session.search(
            f"(&{reading.GROUPS}(sAMAccountName={ldap.escaped(name)}))", attributes=["objectGUID"]
        )
        if len(groups) != 1:
            log.error("required_group_not_found", found=len(groups))
            raise refusals.DirectoryUnavailable
        _, dn = active_directory.split_dn(groups[0][0])
        inside = f"(memberOf:1.2.840.113556.1.4.1941:={ldap.escaped(dn)})"
        condition = f"(objectGUID={_octets(person.object_guid)})"
        members, _ = session.search(self._people(condition + inside), attributes=["objectGUID"])
        return len(members) == 1

    def _people(self, condition: str = "") -> str:
        return f"(&{_PEOPLE.format(employee_id=self._spelling.employee_id)}{condition})"

    def _person(self, attributes: active_directory.Attributes) -> Person:
        return active_directory.person(attributes, spelling=self._spelling, now=self._now())

    def _ask[Answer](
        self,
        work: Callable[[ldap.Session], Answer],
        *,
        keep_open: bool = False,
        within: timedelta | None = None,
    ) -> Answer:
        """The work's answer from the first controller that gives one, within the total time.

        All but the last controller get a third of the time that is left, so that one that
        swallows connections leaves enough for the next.
        """
        end = time.monotonic() + (within or self._config.total_timeout).total_seconds()
        servers = self._in_order()
        for position, server in enumerate(servers, start=1):
            left = end - time.monotonic()
            try:
                session = ldap.Session(config=self._config, server=server)
            except (OSError, ValueError) as error:  # no such CA file, no such port
                log.error("directory_setting_unusable", server=server, reason=repr(error))
                continue
            try:
                answer = self._pool.run(
                    functools.partial(_converse, session, work, keep_open=keep_open),
                    seconds=left if position == len(servers) else left / 3,
                    cut=session.cut,
                )
            except deadline.Busy:
                log.error("directory_threads_all_busy", threads=THREADS)
                break
            except HubError:
                self._note(server, works=True)
                raise
            # Whatever a broken or hostile server makes the library raise, it is that server's
            # failure and nobody's refusal.
            except Exception as error:
                log.warning("directory_server_failed", server=server, reason=repr(error)[:300])
                self._note(server, works=False)
                if session.sent_password:
                    raise refusals.DirectoryUnavailable(may_have_counted=True) from error
            else:
                self._note(server, works=True)
                return answer
        raise refusals.DirectoryUnavailable

    def _in_order(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            suspects = {name for name, until in self._suspect_until.items() if until > now}
        return sorted(self._config.servers, key=suspects.__contains__)

    def _note(self, server: str, *, works: bool) -> None:
        with self._lock:
            if works:
                self._suspect_until.pop(server, None)
            else:
                self._suspect_until[server] = time.monotonic() + SUSPECT_FOR_SECONDS


def from_settings(*, servers: Sequence[str] = ()) -> DomainDirectory:
    """The domain of the LDAP_ settings, or what these of its controllers know of it."""
    return DomainDirectory(
        config=ldap.Config(
            servers=tuple(servers or settings.LDAP_SERVERS),
            base_dn=settings.LDAP_BASE_DN,
            service_dn=settings.LDAP_SERVICE_DN,
            service_password=settings.LDAP_SERVICE_PASSWORD,
            is_starttls=settings.LDAP_SECURITY == "starttls",
            ca_file=Path(settings.LDAP_CA_FILE) if settings.LDAP_CA_FILE else None,
            connect_timeout=settings.LDAP_CONNECT_TIMEOUT,
            total_timeout=settings.LDAP_TOTAL_TIMEOUT,
            required_group=settings.DIRECTORY_REQUIRED_GROUP,
            spelling=active_directory.Spelling(
                user_name=settings.LDAP_IDENTIFIER,
                employee_id=settings.LDAP_EMPLOYEE_ID_ATTRIBUTE,
                geo=settings.LDAP_GEO_ATTRIBUTE,
                affiliate=settings.LDAP_AFFILIATE_ATTRIBUTE,
            ),
        )
    )


def _octets(guid: uuid.UUID) -> str:
    return "".join(f"\\{octet:02x}" for octet in guid.bytes_le)


def _converse[Answer](
    session: ldap.Session, work: Callable[[ldap.Session], Answer], *, keep_open: bool
) -> Answer:
    done = False
    try:
        session.open()
        answer = work(session)
        done = True
        return answer
    finally:
        if not (done and keep_open):
            session.close()
