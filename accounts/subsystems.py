"""Sub-systems, the keys they prove themselves with, and the secrets they are called back with."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts import audit, refusals
from accounts.models import ApiKey, CallbackSecret, Subsystem
from hub.lib import bearer, errors, signing

# The hub's own, by which it tells people things: it speaks from within, so nobody holds its keys.
BUILT_IN = "hub"
PREFIXES = {ApiKey.Mode.LIVE: "hub_sk_", ApiKey.Mode.TEST: "hub_tk_"}
LIVE_SECRETS_AT_MOST = 2  # the present one, and the next one during a rotation
_NOTE_USE_EVERY = timedelta(minutes=1)
KEY_BELIEVED_SECONDS = 1.0
_BELIEVED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    """Which sub-system speaks, with a live or a test key, as the key proved it."""

    subsystem_id: uuid.UUID
    key_id: uuid.UUID
    mode: str  # live | test
    requests_a_minute: int | None = None  # its own limit; None: the setting's
    blast_radius: int | None = None  # recipients without a second person; None: the setting's
    within: tuple[Any, ...] = ()  # ceilings: audience expressions that nobody it reaches is outside
    affiliates: tuple[str, ...] = ()  # whose people it is there for; empty: everybody's


# By the digest of a key: until when (monotonic) it is believed, and whose it is.
_believed: dict[bytes, tuple[float, Caller]] = {}


@dataclass(frozen=True)
class IssuedKey:
    """A new key; its text is shown once and kept nowhere."""

    key: ApiKey
    text: str = field(repr=False)


def create(
    *, key: str, name: str, actor: audit.Actor, now: datetime, callback_url: str = ""
) -> Subsystem:
    """A new sub-system. Raises Invalid if another one has this key, or if it is the hub's own."""
    if key == BUILT_IN and actor.kind != audit.HUB.kind:
        sentence = "The hub speaks under this key itself: choose another."
        raise errors.Invalid(sentence, errors=[errors.FieldError("/key", "reserved", sentence)])
    with transaction.atomic():
        subsystem, made = Subsystem.objects.get_or_create(
            key=key, defaults={"name": name, "callback_url": callback_url, "created_at": now}
        )
        if not made:
            sentence = "Another sub-system has this key: choose another."
            raise errors.Invalid(sentence, errors=[errors.FieldError("/key", "taken", sentence)])
        _note(actor, "subsystem_created", subsystem.pk, now=now, key=key)
    return subsystem


def is_for_others(subsystem: Subsystem) -> bool:
    """Whether anybody but the hub itself may speak by it."""
    return subsystem.key != BUILT_IN


def issue_key(
    *,
    subsystem: Subsystem,
    mode: str,
    name: str,
    expires_at: datetime | None,
    actor: audit.Actor,
    now: datetime,
) -> IssuedKey:
    """A new live or test key, good until `expires_at` (None: until it is revoked).

    Raises Invalid for the hub's own sub-system: whoever had a key of it could speak as the hub.
    """
    if not is_for_others(subsystem):
        sentence = "The hub speaks for itself by this sub-system: nobody gets a key of it."
        raise errors.Invalid(sentence)
    issued = bearer.issue(PREFIXES[ApiKey.Mode(mode)])
    with transaction.atomic():
        key = ApiKey.objects.create(
            subsystem=subsystem,
            mode=mode,
            name=name,
            digest=issued.digest,
            hint=issued.hint,
            created_at=now,
            expires_at=expires_at,
            issued_by=actor.id if actor.kind == "staff" else "",
        )
        _note(actor, "key_issued", subsystem.pk, now=now, key=str(key.pk), mode=mode)
    return IssuedKey(key=key, text=issued.text)


def authenticate_key(*, text: str, now: datetime) -> Caller:
    """Whose key this is, by one query.

    Raises NotAuthenticated (equally for an unknown, an expired and a revoked key) and, for a
    good key, SubsystemPaused. `last_used_at` is written at most once a minute.
    """
    if not any(bearer.well_formed(text, prefix=prefix) for prefix in PREFIXES.values()):
        raise refusals.NotAuthenticated("A key of a sub-system is needed here.")
    key = (
        ApiKey.objects.filter(digest=bearer.digest(text), revoked_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .select_related("subsystem")
        .first()
    )
    if key is None:
        raise refusals.NotAuthenticated("The key is unknown, expired or revoked.")
    if key.subsystem.paused_at is not None:
        raise refusals.SubsystemPaused
    if key.last_used_at is None or now - key.last_used_at >= _NOTE_USE_EVERY:
        # Of many requests at once the first one writes, the others find nothing left to do.
        ApiKey.objects.filter(pk=key.pk, last_used_at=key.last_used_at).update(last_used_at=now)
    return Caller(
        subsystem_id=key.subsystem_id,
        key_id=key.pk,
        mode=key.mode,
        requests_a_minute=key.subsystem.requests_a_minute,
        blast_radius=key.subsystem.blast_radius,
        within=_within(key),
        affiliates=_affiliates(key.subsystem),
    )


def _affiliates(subsystem: Subsystem) -> tuple[str, ...]:
    return tuple(subsystem.affiliates) if settings.AFFILIATES_SEPARATED else ()


def within(subsystem: Subsystem) -> tuple[Any, ...]:
    """What bounds whom it reaches, whichever key it uses: its ceiling, and its affiliates."""
    said = () if subsystem.ceiling is None else (subsystem.ceiling,)
    apart = [{"affiliate": name} for name in _affiliates(subsystem)]
    return (*said, {"any": apart}) if apart else said


def _within(key: ApiKey) -> tuple[Any, ...]:
    """The same, and the key's own ceiling."""
    return (*(() if key.ceiling is None else (key.ceiling,)), *within(key.subsystem))


def recall_key(*, text: str, now: datetime) -> Caller:
    """Like `authenticate_key`, but a good key is believed for a second without asking again.

    So a process notices up to KEY_BELIEVED_SECONDS late that a key ended or its sub-system was
    paused. Refusals are never remembered.
    """
    digest = bearer.digest(text)
    believed = _believed.get(digest)
    if believed is not None and monotonic() < believed[0]:
        return believed[1]
    caller = authenticate_key(text=text, now=now)
    if len(_believed) >= _BELIEVED_AT_MOST:
        _believed.clear()
    _believed[digest] = monotonic() + KEY_BELIEVED_SECONDS, caller
    return caller


def revoke_key(*, key_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """End a key at once and for good; a second time changes nothing. Raises NotFound."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
        if key is None:
            raise errors.NotFound("There is no such key.")
        if key.revoked_at is None:
            ApiKey.objects.filter(pk=key_id).update(revoked_at=now)
            _note(actor, "key_revoked", key.subsystem_id, now=now, key=str(key_id))


def pause(*, subsystem_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Accept nothing from the sub-system until it is resumed; a second time changes nothing."""
    with transaction.atomic():
        if Subsystem.objects.filter(pk=subsystem_id, paused_at=None).update(paused_at=now):
            _note(actor, "subsystem_paused", subsystem_id, now=now)


def resume(*, subsystem_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Undo `pause`."""
    with transaction.atomic():
        if Subsystem.objects.filter(pk=subsystem_id).exclude(paused_at=None).update(paused_at=None):
            _note(actor, "subsystem_resumed", subsystem_id, now=now)


def set_blast_radius(
    *, subsystem_id: uuid.UUID, recipients: int | None, actor: audit.Actor, now: datetime
) -> None:
    """To how many people it may send without a second person; None: as many as the setting says.

    Raises NotFound.
    """
    with transaction.atomic():
        if not Subsystem.objects.filter(pk=subsystem_id).update(blast_radius=recipients):
            raise errors.NotFound("There is no such sub-system.")
        said = "default" if recipients is None else str(recipients)
        _note(actor, "blast_radius_set", subsystem_id, now=now, recipients=said)


def add_callback_secret(*, subsystem_id: uuid.UUID, actor: audit.Actor, now: datetime) -> str:
    """A new secret beside the present one; its text is shown here only.

    Raises NotFound, and Invalid while two are live: retire one first.
    """
    secret = signing.new_secret()
    with transaction.atomic():
        # The sub-system's row is the lock, or two rotations at once would leave three secrets.
        if not Subsystem.objects.select_for_update().filter(pk=subsystem_id).exists():
            raise errors.NotFound("There is no such sub-system.")
        live = CallbackSecret.objects.filter(subsystem_id=subsystem_id, retired_at=None).count()
        if live >= LIVE_SECRETS_AT_MOST:
            raise errors.Invalid("Two secrets are live already: retire one first.")
        row = CallbackSecret.objects.create(
            subsystem_id=subsystem_id, secret=secret, created_at=now
        )
        _note(actor, "callback_secret_added", subsystem_id, now=now, secret=str(row.pk))
    return secret


def live_callback_secrets(*, subsystem_id: uuid.UUID) -> list[str]:
    """The secrets to sign a callback with, the newest first; empty if none was ever added."""
    return live_secrets_of({subsystem_id}).get(subsystem_id, [])


def live_secrets_of(subsystem_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """`live_callback_secrets` of several sub-systems, by one query."""
    live = CallbackSecret.objects.filter(subsystem_id__in=subsystem_ids, retired_at=None)
    found: dict[uuid.UUID, list[str]] = {}
    for row in live.order_by("-created_at", "-pk"):
        found.setdefault(row.subsystem_id, []).append(str(row.secret))
    return found


def retire_callback_secret(*, secret_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """Sign with this secret no more; a second time changes nothing. Raises NotFound."""
    with transaction.atomic():
        row = CallbackSecret.objects.select_for_update().filter(pk=secret_id).first()
        if row is None:
            raise errors.NotFound("There is no such secret.")
        if row.retired_at is None:
            CallbackSecret.objects.filter(pk=secret_id).update(retired_at=now)
            _note(
                actor, "callback_secret_retired", row.subsystem_id, now=now, secret=str(secret_id)
            )


def retire_older_secret(*, subsystem_id: uuid.UUID, actor: audit.Actor, now: datetime) -> None:
    """End a rotation: sign with the newer of two live secrets only. Raises Invalid if one lives."""
    live = CallbackSecret.objects.filter(subsystem_id=subsystem_id, retired_at=None)
    newest_first = list(live.defer("secret").order_by("-created_at", "-pk"))
    if len(newest_first) < LIVE_SECRETS_AT_MOST:
        raise errors.Invalid("Only one secret is live: add the next one first.")
    retire_callback_secret(secret_id=newest_first[-1].pk, actor=actor, now=now)


def id_of(*, key: str) -> uuid.UUID:
    """The sub-system of that key. Raises NotFound."""
    found = Subsystem.objects.filter(key=key).values_list("pk", flat=True).first()
    if found is None:
        raise errors.NotFound("There is no such sub-system.")
    return found


def _note(
    actor: audit.Actor, action: str, subsystem_id: uuid.UUID, *, now: datetime, **data: str
) -> None:
    audit.record(
        now=now,
        actor=actor,
        action=action,
        subject_kind="subsystem",
        subject_id=subsystem_id,
        data=data,
    )
