"""Sessions: opened by a sign-in, carried by tokens, renewed by refreshing, ended once."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models.expressions import RawSQL

from accounts import activation, audit, devices, refusals, tokens
from accounts.devices import Session
from accounts.directory import refusals as directory_refusals
from accounts.models import Device, Employee, RefreshToken
from hub.lib import bearer
from hub.lib.columns import SealedText

_NOTE_SEEN_EVERY = timedelta(minutes=5)
# What `accounts.privacy.notices.to_accept` finds, asked within the one query of every request.
_NOTICE = """(SELECT max(number) FROM accounts_privacynotice
               WHERE material AND effective_at <= %s)"""


@dataclass(frozen=True)
class Opened:
    """A session with the tokens that carry it."""

    device_id: uuid.UUID
    employee_id: uuid.UUID
    pair: tokens.Pair = field(repr=False)


def open_session(
    *, employee_id: uuid.UUID, claim: devices.Claim, client_address: str, now: datetime
) -> Opened:
    """A new session on an installation; one's own that was open there is replaced.

    Somebody else's ends only when the new one proves that it is the same phone; until then nothing
    is pushed to it (`accounts.activation`). The caller has proved who signs in. Raises
    AccountDisabled if they were disabled meanwhile, and Invalid if the key is another employee's.
    """
    actor = audit.Actor("employee", str(employee_id))
    refresh_token = tokens.first_refresh()
    index = devices.installation_index(claim.installation)
    with transaction.atomic():
        # The employee before any device: in this order they are locked by set_disabled() too.
        enabled = Employee.objects.filter(pk=employee_id, disabled_at=None)
        if not enabled.select_for_update(no_key=True).exists():
            raise directory_refusals.AccountDisabled
        address = claim.push_address
        devices.claim(
            installation=index,
            push_address=None if address is None else devices.push_address_index(address),
            key=None if claim.key is None else claim.key.thumbprint.encode(),
        )
        if claim.key is not None:
            devices.refuse_key_of_another(employee_id=employee_id, key=claim.key)
        proved = address is not None and activation.is_proved(
            employee_id=employee_id, address_index=devices.push_address_index(address)
        )
        devices.close_own(employee_id=employee_id, installation=index, actor=actor, now=now)
        strangers = Device.objects.filter(installation_index=index, closed_at=None)
        for stranger in strangers:
            activation.suspect(stranger, now=now)
        device = Device(
            employee_id=employee_id,
            installation=claim.installation,
            installation_index=index,
            holds_installation=not strangers,
            platform=claim.platform,
            os_version=claim.os_version,
            model=claim.model,
            app_version=claim.app_version,
            time_zone=devices.known_zone(claim.time_zone),
            name=claim.name,
            last_address=client_address or None,
            key=None if claim.key is None else claim.key.jwk,
            key_thumbprint="" if claim.key is None else claim.key.thumbprint,
            created_at=now,
            last_seen_at=now,
            access_digest=bearer.digest(tokens.access_of(refresh_token)),
            access_expires_at=now + settings.ACCESS_TOKEN_LIFE,
            session_expires_at=now + settings.REFRESH_FAMILY_LIFE,
        )
        device.save(force_insert=True)
        RefreshToken.objects.create(
            digest=bearer.digest(refresh_token), device=device, issued_at=now
        )
        if address is not None and proved:
            activation.accept(
                device_id=device.pk,
                address=address,
                kind=claim.push_kind,
                project=claim.push_project,
                actor=actor,
                now=now,
            )
        elif address is not None:
            activation.ask(
                device,
                address=address,
                kind=claim.push_kind,
                project=claim.push_project,
                now=now,
            )
    return Opened(device.pk, employee_id, pair(refresh_token, device, issued_at=now))


def authenticate_access(*, text: str, client_address: str, now: datetime) -> Session:
    """Who speaks, by one query; when and from where is noted at most every five minutes.

    Raises NotAuthenticated (unknown), AccountDisabled, SessionRevoked (ended: the app wipes) or
    TokenExpired (the app refreshes).
    """
    if not bearer.well_formed(text, prefix=tokens.ACCESS_PREFIX):
        raise refusals.NotAuthenticated("An employee's access token is needed here.")
    row = (
        Device.objects.filter(access_digest=bearer.digest(text))
        .annotate(notice=RawSQL(_NOTICE, [now]))  # noqa: S611  # a constant
        .values(
            "pk", "employee_id", "closed_at", "closed_reason", "access_expires_at",
            "last_seen_at", "wipe_told_at", "employee__disabled_at", "employee__accepted_notice",
            "notice",
        )
        .first()
    )  # fmt: skip
    if row is None:
        raise refusals.NotAuthenticated
    if row["employee__disabled_at"] is not None:
        raise directory_refusals.AccountDisabled
    if row["closed_at"] is not None:
        if row["wipe_told_at"] is None:
            told_to_wipe(row["pk"], now=now)
        raise refusals.SessionRevoked(reason=row["closed_reason"])
    if row["access_expires_at"] <= now:
        raise refusals.TokenExpired
    if now - row["last_seen_at"] >= _NOTE_SEEN_EVERY:
        # Of many requests at once the first one writes, the others find nothing left to do.
        Device.objects.filter(pk=row["pk"], last_seen_at=row["last_seen_at"]).update(
            **seen(row["pk"], client_address, now)
        )
    due = (row["notice"] or 0) > row["employee__accepted_notice"]
    return Session(device_id=row["pk"], employee_id=row["employee_id"], notice_due=due)


def logout(*, session: Session, now: datetime) -> None:
    """End this session. Raises NotFound if it has ended meanwhile."""
    devices.close(
        employee_id=session.employee_id,
        device_id=session.device_id,
        reason=Device.ClosedReason.LOGOUT,
        actor=audit.Actor("employee", str(session.employee_id)),
        now=now,
    )


def logout_everywhere(*, session: Session, now: datetime) -> int:
    """End every session of the employee, this one included; returns how many there were."""
    return devices.close_all(
        employee_id=session.employee_id,
        reason=Device.ClosedReason.LOGOUT,
        actor=audit.Actor("employee", str(session.employee_id)),
        now=now,
    )


def told_to_wipe(device_id: uuid.UUID, *, now: datetime) -> None:
    """Note that the phone is being told, outside of any transaction that its refusal undoes."""
    Device.objects.filter(pk=device_id, wipe_told_at=None).update(wipe_told_at=now)


def pair(refresh_token: str, device: Device, *, issued_at: datetime) -> tokens.Pair:
    """What the phone of this session holds from then on."""
    return tokens.Pair(
        access=tokens.access_of(refresh_token),
        refresh=refresh_token,
        access_expires_at=device.access_expires_at,
        refresh_expires_at=min(issued_at + settings.REFRESH_IDLE_LIFE, device.session_expires_at),
        session_expires_at=device.session_expires_at,
    )


def seen(device_id: uuid.UUID, client_address: str, now: datetime) -> dict[str, Any]:
    """The columns that tell when and from where a device spoke last."""
    column = cast(SealedText, Device._meta.get_field("last_address"))
    sealed = column.seal(client_address, row=device_id) if client_address else None
    return {"last_seen_at": now, "last_address": sealed}
