"""Activation: a push address counts once a code that was pushed to it has come back.

Whoever names an address could name anybody's. So an address that a session registers is *pending*:
a code is pushed there, and nothing else, until the app sends it back (the *echo*). Only then does
the address leave whoever had it before. An address that reached one of the same employee's own
sessions is believed at once. See docs/adr/0026.
"""

import hashlib
import hmac
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import audit, devices
from accounts.devices import Session
from accounts.models import Activation, Device
from hub.lib import bearer, errors, keys, logging

log = logging.get(__name__)

CODE_PREFIX = "hub_pe_"
# An app that registers the same address again gets its code again, but not more often than this.
CODE_AGAIN = timedelta(seconds=30)

# Called after the commit that makes a code due: whoever pushes codes wants to know.
RINGS: list[Callable[[], None]] = []


def register(
    *,
    device_id: uuid.UUID,
    address: str,
    kind: str,
    actor: audit.Actor,
    now: datetime,
    project: str = "",
) -> bool:
    """Note where this device is reached. True if it is known to be true; False: a code is pushed.

    While the code is out, whatever address the device had before goes on being used. Raises
    SessionRevoked if the session has ended.
    """
    index = devices.push_address_index(address)
    with transaction.atomic():
        devices.claim(device_id=device_id, push_address=index)
        device = devices.open_device(device_id)
        proved = is_proved(employee_id=device.employee_id, address_index=index)
        if proved:
            accept(
                device_id=device_id, address=address, kind=kind, project=project, actor=actor,
                now=now,
            )  # fmt: skip
        else:
            ask(device, address=address, kind=kind, project=project, now=now)
    return proved


def is_proved(*, employee_id: uuid.UUID, address_index: bytes) -> bool:
    """Whether pushes to this address reach an open session of this employee already."""
    return Device.objects.filter(employee_id=employee_id, push_address_index=address_index).exists()


def accept(
    *,
    device_id: uuid.UUID,
    address: str,
    kind: str,
    project: str,
    actor: audit.Actor,
    now: datetime,
) -> None:
    """Push to this proved address from now on; what was asked of the device before is void."""
    Activation.objects.filter(device_id=device_id, echoed_at=None).delete()
    devices.register_push_address(
        device_id=device_id, address=address, kind=kind, project=project, actor=actor, now=now
    )


def ask(device: Device, *, address: str, kind: str, project: str, now: datetime) -> None:
    """Have a code pushed to this address of the device, whose row the caller has locked."""
    index = devices.push_address_index(address)
    pending = Activation.objects.filter(device=device, echoed_at=None).first()
    if pending is not None and bytes(pending.address_index) == index:
        told_lately = pending.sent_at is not None and now - pending.sent_at < CODE_AGAIN
        pending.kind, pending.project, pending.registered_at = kind, project, now
        if pending.due_at is None and not told_lately:
            pending.due_at, pending.attempts = now, 0
        pending.save(update_fields=["kind", "project", "registered_at", "due_at", "attempts"])
    else:
        Activation.objects.filter(device=device).delete()
        Activation.objects.create(
            device=device, address=address, address_index=index, kind=kind, project=project,
            registered_at=now, due_at=now,
        )  # fmt: skip
    transaction.on_commit(_ring)


def echo(*, session: Session, code: str, actor: audit.Actor, now: datetime) -> None:
    """A code came back: it was pushed to where this session is reached, or to a rival of it.

    Its own code makes its address count, which leaves whoever had it, with an audit event. The code
    of another employee's session on the same installation proves that the two are one phone: that
    session ends. Sending a code again does nothing more. Raises NotFound for a code that is not,
    or no longer, of these; SessionRevoked if the session has ended meanwhile.
    """
    mine = devices.open_device(session.device_id)
    found = _of_code(mine, code, now=now)
    with transaction.atomic():
        devices.claim(
            device_id=mine.pk,
            installation=bytes(mine.installation_index),
            push_address=bytes(found.address_index),
        )
        mine = devices.open_device(session.device_id)
        present = Activation.objects.filter(pk=found.pk).select_related("device").first()
        if present is None:
            raise _unknown()
        if present.device_id == mine.pk:
            _prove_address(mine, present, actor=actor, now=now)
        else:
            _end_rivals(mine, [present.device_id], actor=actor, now=now)


def rivals(device: Device) -> QuerySet[Device]:
    """The open sessions of other employees that name the installation of this device."""
    return Device.objects.filter(
        installation_index=device.installation_index, closed_at=None
    ).exclude(employee_id=device.employee_id)


def suspect(device: Device, *, now: datetime) -> None:
    """Let a session prove its address anew, since somebody else signed in on its installation.

    Until then no content is pushed there: the phone may be in other hands. The caller has locked
    the row.
    """
    address = devices.open_address(device=device)
    if address is None:
        return
    kind, project = device.push_kind, device.push_project
    devices.withdraw_push_address(device_id=device.pk)
    ask(device, address=address, kind=kind, project=project, now=now)


def expire(*, now: datetime) -> int:
    """Forget what was not echoed in time, and codes that were; how many rows."""
    over = Activation.objects.filter(registered_at__lte=now - settings.PUSH_ECHO_LIFE)
    expired = over.exclude(echoed_at=None).delete()[0]
    for row in over.only("pk", "device_id", "registered_at")[:5000]:
        expired += drop(row, reason="not_echoed", now=now)
    return expired


def drop(row: Activation, *, reason: str, now: datetime) -> int:
    """Give up an address that was not proved, unless it was registered again; 0 or 1.

    Where the provider does not know the address, so that nobody there can prove anything, and the
    installation has a session of somebody else that was proved, the session here ends.
    """
    mine = Device.objects.get(pk=row.device_id)
    with transaction.atomic():
        devices.claim(device_id=mine.pk, installation=bytes(mine.installation_index))
        pending = Activation.objects.filter(
            pk=row.pk, echoed_at=None, registered_at=row.registered_at
        )
        dropped = pending.delete()[0]
        lost = dropped and devices.lose_push_address(device_id=mine.pk, reason=reason, now=now)
        heir = rivals(mine).exclude(push_address_index=None).first()
        if lost and reason in devices.UNREGISTERED and heir is not None:
            actor = audit.Actor("employee", str(heir.employee_id))
            _end_rivals(heir, [mine.pk], actor=actor, now=now)
    return dropped


def code_of(activation_id: uuid.UUID) -> str:
    """The code that is pushed for this row: derived, so that the database holds none."""
    key = keys.ring().derive("push-echo")
    mac = hmac.digest(key, activation_id.bytes, hashlib.sha256)
    return bearer.issue(CODE_PREFIX, entropy=mac).text


def _of_code(mine: Device, code: str, *, now: datetime) -> Activation:
    if not bearer.well_formed(code, prefix=CODE_PREFIX):
        raise _unknown()
    asked = Activation.objects.filter(
        device__in=[mine.pk, *rivals(mine).values_list("pk", flat=True)],
        registered_at__gt=now - settings.PUSH_ECHO_LIFE,
    )
    for row in asked:
        if hmac.compare_digest(code_of(row.pk), code):
            return row
    raise _unknown()


def _prove_address(mine: Device, present: Activation, *, actor: audit.Actor, now: datetime) -> None:
    if present.echoed_at is not None:
        return  # the answer to the first echo was lost
    Activation.objects.filter(pk=present.pk).update(echoed_at=now, due_at=None)
    # Before the address moves: it tells which of them are the same phone.
    same = [rival.pk for rival in rivals(mine) if _same_phone(rival, present)]
    devices.register_push_address(
        device_id=mine.pk, address=str(present.address), kind=present.kind,
        project=present.project, actor=actor, now=now,
    )  # fmt: skip
    _end_rivals(mine, same, actor=actor, now=now)


def _same_phone(rival: Device, proved: Activation) -> bool:
    """Whether it is reached at the proved address, or nowhere, so that it can't prove otherwise."""
    pending = Activation.objects.filter(device=rival, echoed_at=None).first()
    known = [rival.push_address_index, None if pending is None else pending.address_index]
    indexes = {bytes(index) for index in known if index is not None}
    return not indexes or bytes(proved.address_index) in indexes


def _end_rivals(mine: Device, ended: list[uuid.UUID], *, actor: audit.Actor, now: datetime) -> None:
    devices.close_rivals(ended, actor=actor, now=now)
    if not mine.holds_installation and not rivals(mine).exists():
        Device.objects.filter(pk=mine.pk).update(holds_installation=True)


def _ring() -> None:
    for ring in RINGS:
        ring()


def _unknown() -> errors.NotFound:
    return errors.NotFound("No such code was pushed to this session, or another one followed it.")
