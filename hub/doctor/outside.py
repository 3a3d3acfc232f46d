"""What is not the hub's: the directory, Firebase, and the certificates of both."""

import functools
import socket
import ssl
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from accounts.directory import choose, refusals
from accounts.sync import follow
from hub import alarms
from hub.doctor.finding import Finding, Grade
from hub.lib import clock
from notifications.push import rehearsal

WARNED_BEFORE = timedelta(days=30)
NOBODY = uuid.UUID(int=0)


def directory() -> Iterator[Finding]:
    for server, directory in choose.each().items():
        try:
            directory.look_up(object_guid=NOBODY)
        except refusals.DirectoryUnavailable:
            yield Finding(
                "directory", Grade.BAD, f"{server} gives no usable answer",
                "Certificate, name or service account: see directory_server_failed above.",
            )  # fmt: skip
        else:
            yield Finding("directory", Grade.OK, f"{server} answers")
    following = follow.following(now=clock.now())
    if following.missing:
        yield Finding(
            "directory", Grade.BAD, f"{following.missing} people are missing, none was disabled",
            "If they have left indeed: manage.py sync_directory --allow-absent.",
        )  # fmt: skip
    elif not following.in_time:
        lag = "never" if following.lag_seconds is None else f"{following.lag_seconds} s ago"
        yield Finding(
            "directory", Grade.BAD, f"last read {lag}; promised: {following.bound_seconds} s",
            "manage.py sync_directory, and see that beat and a worker on maintenance run.",
        )  # fmt: skip


def sign_in() -> Iterator[Finding]:
    """Whether the hub's tries stay below the directory's lock-out."""
    rule = choose.configured().lock_out()
    if rule is None or not rule.tries:
        yield Finding("sign_in", Grade.OK, "no rule of the directory's that locks accounts out")
        return
    ours, window = settings.SIGN_IN_TRIES, settings.SIGN_IN_WINDOW
    if ours >= rule.tries:
        yield Finding(
            "sign_in", Grade.BAD,
            f"SIGN_IN_TRIES={ours}, and {rule.tries} failed tries lock an account",
            "Lower it, or anybody can lock anybody out through the hub.",
        )  # fmt: skip
    elif window < rule.window:
        seconds = int(rule.window.total_seconds())
        yield Finding(
            "sign_in", Grade.BAD,
            f"the directory remembers failed tries for {seconds} s, the hub for less",
            f"Set SIGN_IN_WINDOW_SECONDS to {seconds}: two windows together may lock accounts.",
        )  # fmt: skip
    else:
        yield Finding("sign_in", Grade.OK, f"{ours} tries of {rule.tries} that lock an account")


def firebase() -> Iterator[Finding]:
    for project, outcome in rehearsal.rehearse().items():
        if outcome.reason in rehearsal.GOOD:
            yield Finding("firebase", Grade.OK, f"{project}: would take a push")
        else:
            yield Finding(
                "firebase", Grade.BAD, f"{project}: {outcome.reason}",
                "credentials and permission_denied: the service account's key and its role;"
                " timeout, network and tls: the way to FCM_ENDPOINT.",
            )  # fmt: skip


def certificates() -> Iterator[Finding]:
    for one in alarms.expiring():
        days = one.left.days
        if one.left < WARNED_BEFORE:
            grade = Grade.BAD if one.left < timedelta(0) else Grade.WARNING
            yield Finding("certificates", grade, f"{one.of} {one.name}: {days} days", "Replace it.")
    if settings.HUB_DIRECTORY != "ldap" or settings.LDAP_SECURITY != "ldaps":
        return
    for server in settings.LDAP_SERVERS:
        left = _ends_at(server) - clock.now()
        good = left > WARNED_BEFORE
        yield Finding(
            "certificates", Grade.OK if good else Grade.WARNING, f"{server}: {left.days} days",
            "" if good else "Let its owner renew it: without it nobody signs in.",
        )  # fmt: skip


def _ends_at(server: str) -> datetime:
    """When a controller's certificate ends; it is verified as always. Raises OSError."""
    address = urlsplit(f"//{server}")
    host, port = address.hostname or "", address.port or 636
    timeout = settings.LDAP_CONNECT_TIMEOUT.total_seconds()
    with (
        socket.create_connection((host, port), timeout=timeout) as plain,
        _context().wrap_socket(plain, server_hostname=host) as wire,
    ):
        said = (wire.getpeercert() or {}).get("notAfter", "")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(said)), tz=UTC)


@functools.cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.LDAP_CA_FILE or None)
