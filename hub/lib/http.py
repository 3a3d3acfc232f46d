"""The only road out of the hub (besides the push transport): POSTs and GETs, on a short leash.

No redirects, no proxies, no cookies, no credentials of this machine, HTTP and HTTPS only, a limit
on the time of everything and one on the size of the answer. The address is judged at the socket,
after the name was resolved: a name that resolves elsewhere the second time gains nothing.
"""

import os
import re
import socket
import ssl
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Protocol

import pycurl

from hub.lib import guard as _guard

Guard = _guard.Guard
OutboundFailure = _guard.OutboundFailure

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\x20-\x7e]+")
# libcurl's numbers (libcurl-errors(3)); pycurl does not name all of them.
_TLS = {35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98}
_REASONS: dict[int, _guard.Reason] = {3: "bad_url", 28: "timeout", 100: "too_large"}
_REASONS |= dict.fromkeys(_TLS, "tls")

# How long a client keeps a connection without use, and at all: a name that moved is followed.
KEPT_IDLE_SECONDS = 30
KEPT_SECONDS = 300


@dataclass(frozen=True)
class Reply:
    """What came back. Header names are in lower case; repeated ones are joined by commas."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def post(
    *,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    guard: _guard.Guard,
    total_timeout: timedelta,
    most_bytes: int = 65_536,
    ca_file: str | None = None,
) -> Reply:
    """POST once over a fresh connection, and the reply, whatever its status (3xx included).

    The total time-out covers name, connection, TLS, sending and a dripping answer. Raises
    OutboundFailure: timeout, network, tls, refused_address, too_large (more than `most_bytes`
    of body: reading stops there, `status` is known) or bad_url. Raises ValueError for headers
    that are no headers. Without a `ca_file` the system's authorities are trusted.
    """
    curl = pycurl.Curl()  # one a POST: no connection, name or cookie is remembered
    try:
        return _perform(
            curl, url=url, body=body, headers=headers, guard=guard,
            total_timeout=total_timeout, most_bytes=most_bytes, ca_file=ca_file,
        )  # fmt: skip
    finally:
        curl.close()


class Sink(Protocol):
    """Where a large answer goes, piece by piece."""

    def write(self, piece: bytes, /) -> Any: ...


def get(
    *,
    url: str,
    headers: Mapping[str, str],
    into: Sink,
    guard: _guard.Guard,
    total_timeout: timedelta,
    most_bytes: int,
    ca_file: str | None = None,
) -> Reply:
    """GET once over a fresh connection; the body goes `into` something, and not into the reply.

    Whatever the status is (3xx included). What is in `into` counts only if this returns: it raises
    like `post`, also for an answer that ends before the length it announced.
    """
    curl = pycurl.Curl()
    try:
        return _perform(
            curl, url=url, body=None, headers=headers, guard=guard, total_timeout=total_timeout,
            most_bytes=most_bytes, ca_file=ca_file, into=into,
        )  # fmt: skip
    finally:
        curl.close()


class Client:
    """POSTs whose connections are kept for a while, for any number of threads.

    A connection is used again only under the very guard, authorities and origin it was opened
    for, so that nobody's traffic takes a road that was judged by somebody else's rules. A kept
    connection that turns out to be dead is replaced by libcurl. Cookies and names are not kept.
    """

    def __init__(self, *, idle_at_most: int = 64) -> None:
        self._idle: OrderedDict[object, list[Any]] = OrderedDict()  # the last used at the end
        self._count = 0
        self._most = idle_at_most
        self._lock = threading.Lock()

    def post(
        self,
        *,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        guard: _guard.Guard,
        total_timeout: timedelta,
        most_bytes: int = 65_536,
        ca_file: str | None = None,
    ) -> Reply:
        """Like `post` of this module, over a kept connection where there is one."""
        origin = (guard, ca_file, url.partition("://")[0], guard.check_shape(url))
        curl = self._take(origin)
        try:
            reply = _perform(
                curl, url=url, body=body, headers=headers, guard=guard,
                total_timeout=total_timeout, most_bytes=most_bytes, ca_file=ca_file,
            )  # fmt: skip
        except BaseException:
            curl.close()  # whatever is left on that connection, nobody reads it as an answer
            raise
        self._give_back(origin, curl)
        return reply

    def _take(self, origin: object) -> Any:
        with self._lock:
            kept = self._idle.get(origin)
            if not kept:
                return pycurl.Curl()
            self._count -= 1
            curl = kept.pop()
            if not kept:
                del self._idle[origin]
        return curl

    def _give_back(self, origin: object, curl: Any) -> None:
        curl.reset()  # options go, the connection stays
        with self._lock:
            self._idle.setdefault(origin, []).append(curl)
            self._idle.move_to_end(origin)
            self._count += 1
            too_many = []
            while self._count > self._most:
                oldest = next(iter(self._idle))
                too_many.append(self._idle[oldest].pop(0))
                self._count -= 1
                if not self._idle[oldest]:
                    del self._idle[oldest]
        for one in too_many:
            one.close()


def _perform(
    curl: Any,
    *,
    url: str,
    body: bytes | None,  # None: a GET
    headers: Mapping[str, str],
    guard: _guard.Guard,
    total_timeout: timedelta,
    most_bytes: int,
    ca_file: str | None,
    into: Sink | None = None,
) -> Reply:
    guard.check_shape(url)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if not all(_HEADER.fullmatch(line) for line in lines):
        raise ValueError("A header has an odd name, no value, or characters beyond ASCII.")
    milliseconds = int(total_timeout.total_seconds() * 1000)
    if milliseconds <= 0:  # libcurl would take 0 for "for ever"
        raise ValueError("The total time-out must be positive.")
    incoming = _Incoming(most_bytes, into)
    method = (
        [(pycurl.HTTPGET, 1)] if body is None else [(pycurl.POST, 1), (pycurl.POSTFIELDS, body)]
    )
    permitted: list[bool] = []  # one a connection that libcurl tried

    def connect(_purpose: int, target: Any) -> Any:
        family, kind, protocol, address = target
        # A unix socket or any other family has no address to judge.
        internet = family in (socket.AF_INET, socket.AF_INET6)
        permitted.append(internet and guard.permits(*address[:2]))
        return socket.socket(family, kind, protocol) if permitted[-1] else pycurl.SOCKET_BAD

    try:
        for option, value in (
            (pycurl.URL, url),
            *method,
            (pycurl.HTTPHEADER, [*lines, "Expect:"]),
            (pycurl.USERAGENT, "employee-notification-hub"),  # and no versions of ours
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # an empty string, and not unset, switches the environment's off
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.OPENSOCKETFUNCTION, connect),
            (pycurl.DNS_CACHE_TIMEOUT, 0),
            (pycurl.MAXCONNECTS, 1),
            (pycurl.MAXAGE_CONN, KEPT_IDLE_SECONDS),
            (pycurl.MAXLIFETIME_CONN, KEPT_SECONDS),
            (pycurl.NOSIGNAL, 1),  # workers have threads, and signals of their own
            (pycurl.TIMEOUT_MS, milliseconds),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.CAINFO, ca_file or system_authorities()),
            (pycurl.HEADERFUNCTION, incoming.header),
            (pycurl.WRITEFUNCTION, incoming.write),
        ):
            curl.setopt(option, value)
        curl.perform()
        return Reply(curl.getinfo(pycurl.RESPONSE_CODE), incoming.headers, bytes(incoming.body))
    except pycurl.error as error:
        # `from None`: libcurl's text names the host.
        if incoming.overflowed:
            status = curl.getinfo(pycurl.RESPONSE_CODE)
            raise OutboundFailure("too_large", status=status) from None
        number = error.args[0]
        if number == pycurl.E_COULDNT_CONNECT and permitted and not any(permitted):
            raise OutboundFailure("refused_address") from None
        raise OutboundFailure(_REASONS.get(number, "network")) from None


@cache
def system_authorities() -> str:
    """The file of the certificate authorities this machine trusts; SSL_CERT_FILE names another.

    The wheel's libcurl knows only the path of the distribution it was built on.
    """
    standard = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
    for path in (ssl.get_default_verify_paths().cafile, *standard, "/etc/ssl/cert.pem"):
        if path is not None and os.path.exists(path):
            return path
    return standard[0]  # absent: every TLS connection fails, as it must


class _Incoming:
    """Headers and body as they come in; libcurl itself bounds the headers (300 kB)."""

    def __init__(self, most_bytes: int, into: Sink | None) -> None:
        self.overflowed = False
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._into, self._left = into, most_bytes

    def header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):  # again after each 1xx
            self.headers.clear()
        elif b":" in line:
            name, _, value = (part.strip() for part in line.decode("latin-1").partition(":"))
            known = self.headers.get(name.lower())
            self.headers[name.lower()] = value if known is None else f"{known}, {value}"

    def write(self, piece: bytes) -> int:
        self._left -= len(piece)
        self.overflowed = self._left < 0
        if self.overflowed:
            return 0  # fewer than given: libcurl hangs up
        if self._into is None:
            self.body += piece
        else:
            self._into.write(piece)
        return len(piece)
