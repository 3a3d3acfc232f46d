"""One conversation with one domain controller: the only place that knows ldap3.

The password of a person leaves only after the server's certificate was verified. Referrals are
never followed, and nothing is asked about the server itself.
"""

import contextlib
import functools
import math
import socket
import ssl
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.utils import conv

from accounts.directory import active_directory, refusals
from accounts.directory.port import LockOut, Mark
from hub.lib import logging

log = logging.get(__name__)

PAGE_SIZE = 500  # entries; Active Directory gives at most 1000

_SUCCESS, _INVALID_CREDENTIALS = 0, 49  # RFC 4511, appendix A
_EXTENDED_DN = ("1.2.840.113556.1.4.529", True, b"\x30\x03\x02\x01\x01")  # names with their GUIDs
_PAGED = "1.2.840.113556.1.4.319"


@dataclass(frozen=True, slots=True)
class Config:
    """Where the directory is and how to speak to it."""

    servers: tuple[str, ...]  # host[:port], in order of preference
    base_dn: str
    service_dn: str
    service_password: str = field(repr=False)
    is_starttls: bool = False  # else LDAPS
    ca_file: Path | None = None  # None: the system's authorities
    connect_timeout: timedelta = timedelta(seconds=2)
    total_timeout: timedelta = timedelta(seconds=8)
    required_group: str = ""  # its sAMAccountName; empty: everybody may use the hub
    spelling: active_directory.Spelling = field(default_factory=active_directory.Spelling)


type Entry = tuple[str, active_directory.Attributes]  # extended DN, what was asked for


class Unusable(Exception):
    """This server gave no usable answer; another one may."""


def escaped(value: str) -> str:
    """The value as it may stand in a search condition (RFC 4515, section 3)."""
    result: str = conv.escape_filter_chars(value)
    return result


class _Tls(ldap3.Tls):
    """TLS with the checks made by OpenSSL in the handshake, before any byte of ours."""

    def __init__(self, *, ca_file: Path | None, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT)
        self._host = host
        self._context = _context(ca_file)

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:  # noqa: FBT001 (ldap3's signature)
        plain = connection.socket
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 55 -> 7 ms a sign-in
        # The connection gets the socket before the handshake, so that a handshake that never
        # ends can be cut from outside.
        connection.socket = self._context.wrap_socket(
            plain, server_hostname=self._host, do_handshake_on_connect=False
        )
        connection.socket.do_handshake()


@functools.lru_cache(maxsize=4)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # demands a certificate and the host's name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    else:
        context.load_default_certs()
    return context


class Session:
    """One connection to one server. Only cut() may be called from another thread."""

    def __init__(self, *, config: Config, server: str) -> None:
        self._config = config
        self.server = server
        address = urlsplit(f"//{server}")
        host = address.hostname or ""
        self._connection = ldap3.Connection(
            ldap3.Server(
                host,
                port=address.port or (389 if config.is_starttls else 636),
                use_ssl=not config.is_starttls,
                tls=_Tls(ca_file=config.ca_file, host=host),
                get_info=ldap3.NONE,
                connect_timeout=config.connect_timeout.total_seconds(),
            ),
            authentication=ldap3.SIMPLE,
            auto_referrals=False,  # a referral would carry the password elsewhere
            auto_range=False,
            check_names=False,
            read_only=True,
            return_empty_attributes=False,
            receive_timeout=math.ceil(config.total_timeout.total_seconds()),
        )
        self._is_cut = False
        self.sent_password = False

    def open(self) -> None:
        """Connect, verify the certificate, bind as the service account."""
        self._connection.open(read_server_info=False)
        if self._config.is_starttls and not self._connection.start_tls(read_server_info=False):
            raise Unusable("StartTLS is refused")
        if not isinstance(self._connection.socket, ssl.SSLSocket):
            raise Unusable("the connection is not encrypted")
        code, text = self._bind(self._config.service_dn, self._config.service_password.encode())
        if code == _INVALID_CREDENTIALS:
            log.error("directory_refuses_service_account", server=self.server, diagnostic=text)
            raise refusals.DirectoryUnavailable  # asking the others would only lock it out
        if code != _SUCCESS:
            raise Unusable(f"result {code} to the service account's bind")

    def prove(self, dn: str, password: bytes) -> None:
        """Bind as that entry; returns if the password is right, raises the refusal if not."""
        self.sent_password = True
        code, diagnostic = self._bind(dn, password)
        if code == _INVALID_CREDENTIALS:
            raise active_directory.refusal(diagnostic)
        if code != _SUCCESS:
            raise Unusable(f"result {code} to a person's bind")

    def search(
        self, condition: str, *, attributes: list[str], base: str = "", cookie: bytes = b""
    ) -> tuple[list[Entry], bytes]:
        """One page: (DN with GUID, attributes) of each entry, and the cookie of the next page."""
        connection = self._connection
        connection.search(
            base or self._config.base_dn,
            condition,
            search_scope=ldap3.BASE if base else ldap3.SUBTREE,
            attributes=attributes,
            controls=[_EXTENDED_DN],
            paged_size=PAGE_SIZE,
            paged_criticality=True,
            paged_cookie=cookie or None,
        )
        if connection.result["result"] != _SUCCESS:
            raise Unusable(f"result {connection.result['result']} to a search")
        controls: dict[str, Any] = connection.result.get("controls", {})
        entries: list[Entry] = [
            (entry["dn"], {name.lower(): found for name, found in entry["raw_attributes"].items()})
            for entry in connection.response or ()
            if entry["type"] == "searchResEntry"  # references to other domains are left alone
        ]
        next_page: bytes = controls[_PAGED]["value"]["cookie"]
        return entries, next_page

    def root(self) -> Mark | None:
        """The controller's present number of changes, of its present life; None if it has none."""
        said = self._read_one("", ["dsServiceName", "highestCommittedUSN"])
        service = active_directory.text(said, "dsServiceName")
        number = active_directory.text(said, "highestCommittedUSN")
        if not service or not number.isdecimal():
            return None
        life = self._read_one(service, ["invocationId"]).get("invocationid", ())
        if len(life) != 1:  # a restored one could not be told from its former self
            log.warning("directory_keeps_its_invocation_id", server=self.server)
            return None
        return Mark(str(uuid.UUID(bytes_le=bytes(life[0]))), int(number))

    def lock_out(self) -> LockOut | None:
        """The domain's rule, from the head of the domain; None if it may not be read."""
        root = self._read_one("", ["defaultNamingContext"])
        head = active_directory.text(root, "defaultNamingContext")
        said = (
            self._read_one(head, ["lockoutThreshold", "lockOutObservationWindow"]) if head else {}
        )
        tries = active_directory.text(said, "lockoutThreshold")
        ticks = active_directory.text(said, "lockOutObservationWindow").removeprefix("-")
        if not tries.isdecimal() or not ticks.isdecimal():
            return None
        return LockOut(int(tries), timedelta(microseconds=int(ticks) // 10))

    def _read_one(self, base: str, attributes: list[str]) -> active_directory.Attributes:
        self._connection.search(
            base, "(objectClass=*)", search_scope=ldap3.BASE, attributes=attributes
        )
        if self._connection.result["result"] != _SUCCESS:
            return {}
        for entry in self._connection.response or ():
            if entry["type"] == "searchResEntry":
                return {name.lower(): found for name, found in entry["raw_attributes"].items()}
        return {}

    def cut(self) -> None:
        """End the connection under the thread that uses it."""
        self._is_cut = True
        if isinstance(connected := self._connection.socket, socket.socket):
            # Not SSLSocket.shutdown(): it drops the TLS layer first, and what the other thread
            # writes in that moment would leave in clear.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def close(self) -> None:
        """Say good-bye if possible."""
        with contextlib.suppress(Exception):
            self._connection.unbind()

    def _bind(self, dn: str, password: bytes) -> tuple[int, str]:
        if self._is_cut:  # ldap3 may have gone on to the next address of the same name
            raise Unusable("the session was cut")
        # Bytes, because ldap3 rewrites a password that is text (SASLprep).
        self._connection.user, self._connection.password = dn, password
        try:
            self._connection.bind(read_server_info=False)
        finally:
            self._connection.password = None
        result = self._connection.result
        return int(result["result"]), str(result["message"])
