"""Phones: which one speaks, where it is reached, when its session ends."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import available_timezones

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts import audit, refusals
from accounts.models import Activation, Device
from hub.lib import errors, jwk, keys, logging, metrics

log = logging.get(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """Who speaks through which device, as an access token proved it."""

    device_id: uuid.UUID
    employee_id: uuid.UUID
    notice_due: bool = False  # a privacy notice has to be accepted before anything else


@dataclass(frozen=True, slots=True)
class Claim:
    """What an installation of the app says of itself at sign-in."""

    installation: str = field(repr=False)  # the app's own random id, kept over sign-ins
    platform: str  # android | ios | web
    os_version: str = ""
    model: str = ""
    app_version: str = ""
    time_zone: str = ""  # IANA; one that the hub does not know counts for none
    name: str = ""
    push_address: str | None = field(default=None, repr=False)
    push_kind: str = Device.PushKind.TOKEN
    push_project: str = ""
    key: jwk.PublicKey | None = None  # with which the phone signs answers that need it


def listed(*, employee_id: uuid.UUID) -> QuerySet[Device]:
    """The open sessions of an employee, the latest used first."""
    return Device.objects.filter(employee_id=employee_id, closed_at=None).order_by(
        "-last_seen_at", "-pk"
    )


def open_device(device_id: uuid.UUID) -> Device:
    """The device, while its session goes on. Raises SessionRevoked."""
    device = Device.objects.filter(pk=device_id, closed_at=None).first()
    if device is None:
        raise refusals.SessionRevoked(reason=_closed_reason(device_id))
    return device


def open_address(*, device: Device) -> str | None:
    """Where pushes for this device go, in clear; None if it cannot be reached."""
    address: str | None = device.push_address  # type: ignore[assignment]
    return address if device.closed_at is None else None


def close(
    *,
    employee_id: uuid.UUID,
    device_id: uuid.UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> None:
    """End one open session of this employee. Raises NotFound if there is none such."""
    with transaction.atomic():
        if not _close(listed(employee_id=employee_id).filter(pk=device_id), reason, actor, now):
            raise errors.NotFound("There is no such device.")


def close_all(*, employee_id: uuid.UUID, reason: str, actor: audit.Actor, now: datetime) -> int:
    """End every open session of this employee; returns how many there were."""
    with transaction.atomic():
        return _close(listed(employee_id=employee_id), reason, actor, now)


def close_own(
    *, employee_id: uuid.UUID, installation: bytes, actor: audit.Actor, now: datetime
) -> int:
    """End this employee's session on an installation, since another one begins there; 0 or 1."""
    with transaction.atomic():
        found = listed(employee_id=employee_id).filter(installation_index=installation)
        return _close(found, Device.ClosedReason.REPLACED, actor, now)


def close_rivals(ids: Collection[uuid.UUID], *, actor: audit.Actor, now: datetime) -> int:
    """End other people's sessions on an installation that was proved to be somebody else's."""
    found = Device.objects.filter(pk__in=ids, closed_at=None)
    return _close(found, Device.ClosedReason.REPLACED, actor, now)


def close_over(found: QuerySet[Device], *, reason: str, now: datetime) -> int:
    """End sessions whose time is over, on behalf of the hub; how many. One transaction."""
    with transaction.atomic():
        return _close(found.filter(closed_at=None), reason, audit.HUB, now)


def register_push_address(
    *,
    device_id: uuid.UUID,
    address: str,
    kind: str,
    actor: audit.Actor,
    now: datetime,
    project: str = "",
) -> None:
    """Reach this device at that address, and no other device: the address moves here.

    The caller has it proved that the address is this device's (`accounts.activation`). `project` is
    the Firebase project the address is of, empty for the default one.

    That it moves away from another employee's phone is audited and logged as an alert: pushes
    for them would have appeared here. Raises SessionRevoked if the session has ended.
    """
    index = push_address_index(address)
    with transaction.atomic():
        claim(device_id=device_id, push_address=index)
        others = Device.objects.filter(push_address_index=index).exclude(pk=device_id)
        before = list(others.values_list("pk", "employee_id"))
        others.update(**_without_address(now=now, reason="moved"))
        device = open_device(device_id)
        device.push_address = address
        device.push_address_index = index
        device.push_kind = kind
        device.push_project = project
        device.push_registered_at = now
        device.push_lost_at, device.push_lost_reason = None, ""
        device.save(
            update_fields=[
                "push_address", "push_address_index", "push_kind", "push_project",
                "push_registered_at",                "push_lost_at", "push_lost_reason",
            ]
        )  # fmt: skip
        for other_id, employee_id in before:
            if employee_id == device.employee_id:
                continue
            log.warning("push_address_moved", device=str(device_id), from_device=str(other_id))
            metrics.session_alarms.labels("push_address_moved").inc()
            audit.record(
                now=now,
                actor=actor,
                action="push_address_moved",
                subject_kind="device",
                subject_id=device_id,
                data={"from_device": str(other_id), "from_employee": str(employee_id)},
            )


def withdraw_push_address(*, device_id: uuid.UUID) -> None:
    """Push no more to this device until its address is proved anew; nothing is lost yet."""
    Device.objects.filter(pk=device_id).update(push_address=None, push_address_index=None)


def lose_push_address(*, device_id: uuid.UUID, reason: str, now: datetime) -> bool:
    """Note that the address a device named is no good; False if it has another one that is."""
    unreachable = Device.objects.filter(pk=device_id, closed_at=None, push_address_index=None)
    return bool(unreachable.update(**_without_address(now=now, reason=reason)))


# What the provider says of an address whose app is gone.
UNREGISTERED = frozenset({"unregistered", "bad_token"})


@dataclass(frozen=True, slots=True)
class Dead:
    """What a provider said of a device's address: it is dead, as it was `registered_before`."""

    device_id: uuid.UUID
    registered_before: datetime
    reason: str


def forget_push_addresses(dead: Collection[Dead], *, now: datetime) -> set[uuid.UUID]:
    """Push to these devices no more; their sessions go on. Call it inside a transaction.

    An address that was registered after `registered_before` stays: what the provider said was
    said of an older one. The devices with such a newer address are returned.
    """
    if not dead:
        return set()
    reachable = Device.objects.filter(
        pk__in=[one.device_id for one in dead], push_address_index__isnull=False
    )
    rows = reachable.order_by("pk").select_for_update(no_key=True)
    registered = dict(rows.values_list("pk", "push_registered_at"))
    lost: dict[str, list[uuid.UUID]] = defaultdict(list)
    for one in dead:
        at = registered.get(one.device_id)
        if at is not None and at <= one.registered_before:
            lost[one.reason].append(one.device_id)
            del registered[one.device_id]
    for reason, ids in lost.items():
        Device.objects.filter(pk__in=ids).update(**_without_address(now=now, reason=reason))
    return set(registered)


def claim(
    *,
    device_id: uuid.UUID | None = None,
    installation: bytes | None = None,
    push_address: bytes | None = None,
    key: bytes | None = None,
) -> None:
    """Lock everything this transaction may take from other devices, in the one possible order.

    First the indexes, since a row that does not exist yet cannot be locked; then the rows by
    key. Otherwise two phones that swap addresses would wait for each other.
    """
    with connection.cursor() as cursor:
        for index in (installation, push_address, key):
            if index is not None:
                number = int.from_bytes(index[:8], signed=True)
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    wanted = Q(pk=device_id) | Q(installation_index=installation, closed_at=None)
    if push_address is not None:
        wanted |= Q(push_address_index=push_address)
    list(Device.objects.filter(wanted).order_by("pk").select_for_update().values_list("pk"))


def refuse_key_of_another(*, employee_id: uuid.UUID, key: jwk.PublicKey) -> None:
    """Raise Invalid if another employee has ever registered this key: what it signs is one's own.

    The caller has claimed the key, so that two people can't register it at once.
    """
    registered = Device.objects.filter(key_thumbprint=key.thumbprint)
    if registered.exclude(employee_id=employee_id).exists():
        sentence = "This key is somebody else's. Make a new pair of keys at every sign-in."
        raise errors.Invalid(
            sentence, errors=[errors.FieldError("/device/key", "key_of_another", sentence)]
        )


def note_time_zone(*, device_id: uuid.UUID, time_zone: str) -> None:
    """This phone's clocks are there now; a zone that the hub does not know changes nothing."""
    if zone := known_zone(time_zone):
        Device.objects.filter(pk=device_id).exclude(time_zone=zone).update(time_zone=zone)


def known_zone(name: str) -> str:
    """The name if it is a zone's; a newer phone may know more of them than the hub."""
    return name if name in available_timezones() else ""


def installation_index(installation: str) -> bytes:
    """What an installation is found by."""
    return keys.ring().blind_index(installation, purpose="installation")


def push_address_index(address: str) -> bytes:
    """What a push address is found by."""
    return keys.ring().blind_index(address, purpose="push-address")


def _close(devices: QuerySet[Device], reason: str, actor: audit.Actor, now: datetime) -> int:
    # In the order of their keys, so that two that close the same devices never deadlock.
    found = list(devices.order_by("pk").select_for_update().values_list("pk", "employee_id"))
    Device.objects.filter(pk__in=[device_id for device_id, _ in found]).update(
        closed_at=now, closed_reason=reason, push_address=None, push_address_index=None
    )
    Activation.objects.filter(device__in=[device_id for device_id, _ in found]).delete()
    for device_id, employee_id in found:
        audit.record(
            now=now,
            actor=actor,
            action="session_closed",
            subject_kind="device",
            subject_id=device_id,
            data={"employee": str(employee_id), "reason": reason},
        )
    return len(found)


def _without_address(*, now: datetime, reason: str) -> dict[str, object]:
    return {
        "push_address": None,
        "push_address_index": None,
        "push_lost_at": now,
        "push_lost_reason": reason,
    }


def _closed_reason(device_id: uuid.UUID) -> str:
    reason = Device.objects.filter(pk=device_id).values_list("closed_reason", flat=True).first()
    return reason or Device.ClosedReason.REVOKED
