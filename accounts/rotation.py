"""Refreshing: the next pair of tokens for a session, and the end of one whose token was copied."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import app_versions, audit, devices, refusals, sessions, standing, tokens
from accounts.directory import port
from accounts.directory import refusals as directory_refusals
from accounts.models import Device, Employee, RefreshToken
from accounts.sessions import Opened
from hub.lib import bearer, logging, metrics

log = logging.get(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """What the app says of itself when it refreshes; None: as at the time before."""

    app_version: str | None = None
    os_version: str | None = None

    def fields(self) -> dict[str, str]:
        """What is said, by column."""
        said = {"app_version": self.app_version, "os_version": self.os_version}
        return {name: value for name, value in said.items() if value is not None}


UNCHANGED = App()


def refresh(
    *,
    text: str,
    directory: port.Directory,
    client_address: str,
    now: datetime,
    app: App = UNCHANGED,
) -> Opened:
    """The next pair of tokens. The immediate parent, within the grace, gets the same pair again.

    Any older one, or a parent after the grace, was copied: the session ends for whoever holds it.
    The directory is asked first. If it does not answer, the hub goes on with what it knows; a
    person it no longer has is refused, yet nothing is ended: that is for the guarded walk.

    Raises NotAuthenticated (unknown), SessionRevoked (ended, for whatever reason),
    AccountDisabled or UpgradeRequired; the last one spends nothing.
    """
    if not bearer.well_formed(text, prefix=tokens.REFRESH_PREFIX):
        raise refusals.NotAuthenticated("A refresh token is needed here.")
    digest = bearer.digest(text)
    found = RefreshToken.objects.filter(digest=digest).select_related("device__employee").first()
    if found is None:
        raise refusals.NotAuthenticated
    if found.device.closed_at is not None:
        sessions.told_to_wipe(found.device.pk, now=now)
    _refuse_ended(found.device)
    app_versions.refuse_old(
        platform=found.device.platform,
        version=found.device.app_version if app.app_version is None else app.app_version,
    )
    _ask(directory, found.device.employee, now=now)
    with transaction.atomic():
        device = (
            Device.objects.select_for_update(of=("self",))
            .select_related("employee")
            .get(pk=found.device_id)
        )
        _refuse_ended(device)
        # Read again: only the device's lock says which of ten parallel refreshes came first.
        present = RefreshToken.objects.get(digest=digest)
        reason = _ends(present, device, text, now=now)
        if reason is None:
            if fields := app.fields():
                Device.objects.filter(pk=device.pk).update(**fields)
            return Opened(
                device.pk, device.employee_id, _renew(present, device, text, client_address, now)
            )
        _end(device, reason, now=now)
    sessions.told_to_wipe(device.pk, now=now)
    raise refusals.SessionRevoked(reason=reason)


def _ends(token: RefreshToken, device: Device, text: str, *, now: datetime) -> str | None:
    """Why this token ends the session; None if it renews it."""
    if device.session_expires_at <= now:
        return Device.ClosedReason.EXPIRED
    if token.spent_at is None:
        idle = token.issued_at + settings.REFRESH_IDLE_LIFE <= now
        return Device.ClosedReason.EXPIRED if idle else None
    child = bearer.digest(tokens.successor(text))
    is_parent = RefreshToken.objects.filter(digest=child, spent_at=None).exists()
    if is_parent and now - token.spent_at <= settings.REFRESH_GRACE:
        return None
    return Device.ClosedReason.TOKEN_REUSED


def _renew(
    token: RefreshToken, device: Device, text: str, client_address: str, now: datetime
) -> tokens.Pair:
    following = tokens.successor(text)
    if token.spent_at is not None:
        issued_at = token.spent_at  # in this moment its successor was issued
        return sessions.pair(following, device, issued_at=issued_at)
    RefreshToken.objects.filter(digest=token.digest).update(spent_at=now)
    RefreshToken.objects.create(digest=bearer.digest(following), device=device, issued_at=now)
    device.access_expires_at = min(now + settings.ACCESS_TOKEN_LIFE, device.session_expires_at)
    Device.objects.filter(pk=device.pk).update(
        access_digest=bearer.digest(tokens.access_of(following)),
        access_expires_at=device.access_expires_at,
        **sessions.seen(device.pk, client_address, now),
    )
    return sessions.pair(following, device, issued_at=now)


def _end(device: Device, reason: str, *, now: datetime) -> None:
    if reason == Device.ClosedReason.TOKEN_REUSED:
        log.warning("refresh_token_reused", device=str(device.pk))
        metrics.session_alarms.labels("refresh_token_reused").inc()
        audit.record(
            now=now,
            actor=audit.HUB,
            action="refresh_token_reused",
            subject_kind="device",
            subject_id=device.pk,
            data={"employee": str(device.employee_id)},
        )
    devices.close(
        employee_id=device.employee_id,
        device_id=device.pk,
        reason=reason,
        actor=audit.HUB,
        now=now,
    )


def _refuse_ended(device: Device) -> None:
    if device.employee.disabled_at is not None:
        raise directory_refusals.AccountDisabled
    if device.closed_at is not None:
        raise refusals.SessionRevoked(reason=device.closed_reason)


def _ask(directory: port.Directory, employee: Employee, *, now: datetime) -> None:
    """Refuse somebody whom the directory has switched off or no longer has."""
    try:
        standing.ask(directory=directory, employee=employee, now=now)
    except directory_refusals.DirectoryUnavailable:
        log.warning("refresh_without_directory")
