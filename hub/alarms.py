"""What stops to count soon: authorities the hub believes, and keys of sub-systems.

Whoever looks after the hub should hear of it before it happens; `manage.py doctor` asks the servers
for their own certificates, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from django.conf import settings

from accounts.models import ApiKey
from hub.lib import clock

# A key that expires later than this is nobody's worry yet, and would be a series for each.
SOON = timedelta(days=45)
AUTHORITIES = ("LDAP_CA_FILE", "CALLBACK_CA_FILE", "FCM_CA_FILE")


@dataclass(frozen=True, slots=True)
class Expiring:
    """One thing that stops to count: what kind, which one, and after how long (negative: did)."""

    of: str
    name: str
    left: timedelta


def expiring() -> list[Expiring]:
    """Authorities, whenever they end, and live keys that end soon or did within that time."""
    return [*_authorities(), *_keys()]


def _authorities() -> Iterator[Expiring]:
    for setting in AUTHORITIES:
        if path := getattr(settings, setting):
            ends_at = _first_end(path, _stamp(path))
            if ends_at is not None:
                yield Expiring("certificate", setting, ends_at - clock.now())


def _stamp(path: str) -> float:
    """So that a replaced file is read again; 0 where it cannot be."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0


@lru_cache(maxsize=16)
def _first_end(path: str, _stamp: float) -> datetime | None:
    """When the first of the file's certificates ends; None if there is none to be read."""
    try:
        found = x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError):
        return None
    return min((one.not_valid_after_utc for one in found), default=None)


def _keys() -> Iterator[Expiring]:
    """The last of a sub-system's keys: as long as a longer one is there, nobody is shut out."""
    now = clock.now()
    ends: dict[str, datetime | None] = {}
    usable = ApiKey.objects.filter(mode=ApiKey.Mode.LIVE, revoked_at=None)
    for key, ends_at in usable.values_list("subsystem__key", "expires_at"):
        known = ends.get(key, ends_at)
        ends[key] = None if ends_at is None or known is None else max(known, ends_at)
    for key, ends_at in ends.items():
        if ends_at is not None and abs(ends_at - now) < SOON:
            yield Expiring("api_key", key, ends_at - now)
