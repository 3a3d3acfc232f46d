"""From which network address a request came."""

import functools
import ipaddress

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def of_client(request: HttpRequest) -> str:
    """The client's address in its canonical form; empty if there is none, as on a unix socket.

    `X-Forwarded-For` is believed only from HUB_TRUSTED_PROXIES, and read from its right end:
    what stands left of the first address that is no proxy of ours was written by the client.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    trusted = _networks(tuple(settings.HUB_TRUSTED_PROXIES))
    if peer is None or not _within(peer, trusted):
        return str(peer or "")
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        address = _address(hop.strip())
        if address is None:
            break
        peer = address
        if not _within(peer, trusted):
            break
    return str(peer)


@functools.cache
def _networks(listed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in listed)


def _within(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: tuple[Network, ...]
) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address
