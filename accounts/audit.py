"""The audit log: appended freely by everybody, chained by one sealer, checked by anybody.

An event is written in the transaction it tells of, so there is none without its act and no act
without its event. The chain is made later by one sealer, so that no lock serialises decisions.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from accounts.models import AuditEvent, AuditSeal
from hub.lib import keys

_SEALER_LOCK = 0x68756201  # pg_advisory_xact_lock: one sealer over all processes
# Far above the time-outs of statements and of idle transactions in the settings.
_LONGEST_TRANSACTION = timedelta(hours=1)
_FIRST_LINK = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: employee | subsystem | staff | hub, with its id (empty for the hub)."""

    kind: str
    id: str = ""


HUB = Actor("hub")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole chain found; `bad_sequence` and `reason` name the first bad row."""

    sealed: int  # rows checked and found right
    unsealed: int  # events that wait for the sealer
    bad_sequence: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        return self.bad_sequence is None


def record(
    *,
    now: datetime,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    data: dict[str, Any] | None = None,
) -> None:
    """Append an event, inside the caller's transaction; `data` is JSON, of ids, never of names.

    Raises TransactionManagementError outside of one: the event could survive without its act.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{action} is audited in its transaction.")
    AuditEvent.objects.create(
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        data=data or {},
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )


def seal(*, now: datetime, limit: int) -> int:
    """Chain up to `limit` committed events; returns how many, 0 while another sealer is at work.

    Events commit out of the order of their ids, so what is unsealed is found by anti-join and
    never by "greater than the last one": an id below it may become visible late. How late is
    bounded by the time-outs of transactions, so the search need not begin in the first year.
    """
    with transaction.atomic():
        if not _is_only_sealer():
            return 0
        last = AuditSeal.objects.order_by("-sequence").first()
        sequence, mac = (last.sequence, bytes(last.mac)) if last else (0, _FIRST_LINK)
        seals: list[AuditSeal] = []
        unsealed = AuditEvent.objects.filter(auditseal=None, id__gt=_floor(now)).order_by("id")
        for event in unsealed[:limit]:
            sequence += 1
            mac = _mac(mac, event, sequence=sequence, sealed_at=now)
            seals.append(AuditSeal(sequence=sequence, event=event, mac=mac, sealed_at=now))
        AuditSeal.objects.bulk_create(seals, batch_size=1000)
    return len(seals)


def verify() -> Verdict:
    """Recompute the whole chain, stopping at the first bad row.

    Finds an edited, a removed or an inserted row, and events sealed twice or out of order. Rows
    cut off at the very end look like rows never written: compare `sealed` with the last count.
    """
    unsealed = AuditEvent.objects.filter(auditseal=None).count()
    # An inner join: a seal whose event was removed shows as a gap in the sequence.
    seals = AuditSeal.objects.select_related("event").order_by("sequence")
    return _check(seals.iterator(chunk_size=2000), unsealed=unsealed)


def follows(first: AuditSeal, second: AuditSeal) -> bool:
    """Whether the second seal was made after the first, over an event that is as it was then."""
    mac = _mac(bytes(first.mac), second.event, sequence=second.sequence, sealed_at=second.sealed_at)
    return hmac.compare_digest(mac, bytes(second.mac))


def _check(seals: Iterable[AuditSeal], *, unsealed: int) -> Verdict:
    sequence, mac = 0, _FIRST_LINK
    for row in seals:
        if row.sequence != sequence + 1:
            return Verdict(sequence, unsealed, sequence + 1, "the row or its event is missing")
        mac = _mac(mac, row.event, sequence=row.sequence, sealed_at=row.sealed_at)
        if not hmac.compare_digest(mac, bytes(row.mac)):
            return Verdict(
                sequence, unsealed, row.sequence, f"event {row.event_id} is not what was sealed"
            )
        sequence = row.sequence
    missing = AuditSeal.objects.filter(sequence__gt=sequence).exists()
    if missing:  # the last events were removed, their seals not
        return Verdict(sequence, unsealed, sequence + 1, "the event is missing")
    return Verdict(sequence, unsealed)


def _floor(now: datetime) -> int:
    """An event id, below which all is sealed that will ever be.

    That of a seal made an hour ago: any lower id was drawn before it, by a transaction long over.
    """
    settled = AuditSeal.objects.filter(sealed_at__lt=now - _LONGEST_TRANSACTION)
    return settled.order_by("-sequence").values_list("event_id", flat=True).first() or 0


def _mac(previous: bytes, event: AuditEvent, *, sequence: int, sealed_at: datetime) -> bytes:
    content = {
        "sequence": sequence,
        "sealed_at": sealed_at.timestamp(),
        "id": event.pk,
        "at": event.at.timestamp(),
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "data": event.data,
        "request_id": event.request_id,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(keys.ring().derive("audit"), previous + canonical, hashlib.sha256)


def _is_only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
