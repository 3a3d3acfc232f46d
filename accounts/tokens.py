"""Tokens of a session: opaque, 256 bits, at rest only their digests; all but the first derived.

The next refresh token is a MAC of the present one under a server key, and the access token a
MAC of its refresh token. So a phone whose answer was lost asks again and gets the very same
pair, although none of it is stored, and a dump of the database opens no session.
See docs/adr/0003.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from hub.lib import bearer, keys

ACCESS_PREFIX = "hub_at_"
REFRESH_PREFIX = "hub_rt_"


@dataclass(frozen=True)
class Pair:
    """What a phone holds: both texts leave the hub once, here, and are never logged."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime  # if it is not used before
    session_expires_at: datetime  # whatever is used


def first_refresh() -> str:
    """A random refresh token, the first of its family."""
    return bearer.issue(REFRESH_PREFIX).text


def successor(refresh: str) -> str:
    """The one refresh token that follows this one."""
    return bearer.issue(REFRESH_PREFIX, entropy=_mac("refresh-token", refresh)).text


def access_of(refresh: str) -> str:
    """The one access token that comes with this refresh token."""
    return bearer.issue(ACCESS_PREFIX, entropy=_mac("access-token", refresh)).text


def _mac(label: str, text: str) -> bytes:
    return hmac.digest(keys.ring().derive(label), text.encode(), hashlib.sha256)
