"""Where a callback may go: an allow-list of networks and ports, and a list of never.

Callback targets are private by nature, so private networks are not forbidden as such. A name is
no protection: what counts is the address, at save and again at every connect (`hub.lib.http`).
"""

import ipaddress
import re
import socket
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Reason = Literal["timeout", "network", "tls", "refused_address", "too_large", "bad_url"]

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "::/128",                    # unspecified: reaches this machine
        "169.254.0.0/16", "fe80::/10", "fec0::/10",  # link-local, with most clouds' metadata
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24",  # metadata elsewhere
        "fd00:ec2::254/128", "fd20:ce::254/128",  # metadata by IPv6: AWS, Google
        "224.0.0.0/4", "ff00::/8",                # multicast
        "240.0.0.0/4",                            # reserved, and broadcast
        "64:ff9b:1::/48",                         # local NAT64: the inner address cannot be told
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # deprecated: an IPv4 address in the last 32 bits
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})")


class OutboundFailure(Exception):
    """No answer from outside, for one of a closed list of reasons. Text and repr hold no URL."""

    def __init__(self, reason: Reason, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.status = status  # of an answer that came, but was too large


@dataclass(frozen=True)
class Guard:
    """What one sub-system may call. An empty allow-list allows all but what is never allowed.

    `never` are the hub's own back ends: a network and a port of it, None for every port.
    `loopback_allowed` is for test and demo: it takes loopback off the list of never.
    """

    allowed_networks: tuple[Network, ...] = ()
    allowed_ports: frozenset[int] = frozenset()
    loopback_allowed: bool = False
    https_only: bool = False
    never: tuple[tuple[Network, int | None], ...] = ()

    def permits(self, address: Address | str, port: int) -> bool:
        """Whether this very address may be connected to. Text that is no address may not."""
        try:
            forms = tuple(_forms(ipaddress.ip_address(address)))
        except ValueError:
            return False
        if not 1 <= port <= 65535 or (self.allowed_ports and port not in self.allowed_ports):
            return False
        never = NEVER if self.loopback_allowed else NEVER + LOOPBACK
        for form in forms:
            if any(form in network for network in never):
                return False
            if any(form in network and at in (None, port) for network, at in self.never):
                return False
        return not self.allowed_networks or any(forms[0] in net for net in self.allowed_networks)

    def check_shape(self, url: str) -> tuple[str, int]:
        """Host and port of an acceptable URL. Raises OutboundFailure("bad_url"); asks nobody.

        Refused: other schemes, user info, spaces, controls, non-ASCII (write punycode), and
        addresses in any but the usual form (2130706433, 0177.1, 0x7f.1).
        """
        try:
            if not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
                raise ValueError
            parts = urllib.parse.urlsplit(url)
            if parts.scheme not in ({"https"} if self.https_only else {"https", "http"}):
                raise ValueError
            host, port = parts.hostname or "", parts.port
            if "@" in parts.netloc or "#" in url or port == 0:
                raise ValueError
            if ":" in host:
                ipaddress.IPv6Address(host)
            elif not _HOST.fullmatch(host):
                raise ValueError
            elif re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rstrip(".").rpartition(".")[2]):
                ipaddress.IPv4Address(host)  # what ends in a number is an address, or nothing
        except ValueError:
            raise OutboundFailure("bad_url") from None
        return host, port or (443 if parts.scheme == "https" else 80)

    def check_url(self, url: str) -> None:
        """Refuse an address when it is saved: by its shape, and by all that its name resolves to.

        Raises OutboundFailure: bad_url, refused_address, or network for a name that is unknown.
        """
        host, port = self.check_shape(url)
        if not all(self.permits(address, port) for address in resolve(host)):
            raise OutboundFailure("refused_address")


def resolve(host: str) -> tuple[Address, ...]:
    """The addresses of a name, at least one. Raises OutboundFailure("network"). May be slow."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailure("network") from None
    return tuple(dict.fromkeys(ipaddress.ip_address(one[4][0]) for one in found))


def _forms(address: Address) -> Iterator[Address]:
    """The address as it is routed, then every IPv4 address that a tunnel would carry it to."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    else:
        yield ipaddress.IPv6Address(int(address))  # without a zone
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield from address.teredo
        if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
