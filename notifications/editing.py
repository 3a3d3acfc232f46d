"""New content for what was sent: a new version, to which whoever is asked answers anew."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction

from accounts import audit
from accounts.subsystems import Caller
from hub.lib import errors
from notifications import clearing, closing, drafts, ending, errands, queues, reports
from notifications.approvals import steps
from notifications.escalation import schedule
from notifications.models import Delivery, Errand, Notification
from notifications.models.notification import Card

IN_CARD = ("title", "summary", "body", "facts", "links", "actions")
BESIDE = ("due_at", "expires_at", "on_expiry", "reference", "metadata")


class VersionMismatch(errors.HubError):
    """It is of another version than the sender believes; the data hold the record."""

    code, status, title = "version_mismatch", 412, "The version is another one"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change; what is not named stays. Shapes are checked already, meanings are not."""

    version: int  # that the sender believes to be the present one
    changes: Mapping[str, Any]  # by the names of IN_CARD and BESIDE
    notify: bool | None = None  # push it again; None: where an answer is wanted


def by_subsystem(
    *, caller: Caller, notification_id: uuid.UUID, edit: Edit, now: datetime
) -> ending.Ended:
    """Give what this caller sent its new content, and say how far the old one had come.

    The version goes up by one. Earlier answers stay on record and count no more; a sequence
    begins anew; whoever is asked is pushed again. Nothing happens where nothing changes, and nobody
    is pushed where nobody was told. Raises NotFound, AlreadyClosed with the record for what has
    ended or is over, VersionMismatch with the record, and Invalid.
    """
    with transaction.atomic():
        notification = ending.lock(reports.sent(caller=caller), notification_id)
        ending.refuse_closed(notification)
        if notification.expires_at is not None and notification.expires_at <= now:
            raise ending.AlreadyClosed(
                "Its time is over.", data={"notification": reports.report(notification)}
            )
        if edit.version != notification.version:
            raise VersionMismatch(
                f"It is of version {notification.version} now. Read it, then edit that.",
                data={"notification": reports.report(notification)},
            )
        had = ending.had_already(notification, by=now)
        changed = _change(notification, edit, now=now)
        if not changed:
            return ending.Ended(notification, had)
        _ask_again(notification, notify=edit.notify, now=now)
        audit.record(
            now=now,
            actor=audit.Actor("subsystem", str(caller.subsystem_id)),
            action="edited",
            subject_kind="notification",
            subject_id=notification.id,
            data={
                "version": notification.version,
                "changed": changed,
                "had_already": asdict(had),
            },
        )
    return ending.Ended(notification, had)


def _without_template(card: dict[str, Any], changed: Collection[str]) -> dict[str, Any]:
    """Where an edit brings words, they are its own, in every language."""
    dropped = {"template"} if {"title", "summary", "body"} & set(changed) else set()
    return {name: value for name, value in card.items() if name not in dropped}


def _change(notification: Notification, edit: Edit, *, now: datetime) -> list[str]:
    """Write what changes; the names of it."""
    if notification.kind != Notification.Kind.REQUEST:
        for name in ("actions", "on_expiry"):
            if name in edit.changes:
                raise _invalid(f"/{name}", "invalid", "Only a request has this.")
    elif edit.notify is not None:
        raise _invalid("/notify", "invalid", "Who is asked again is told.")
    if "actions" in edit.changes:
        flaw = drafts.flaw_of_actions(edit.changes["actions"], collects=notification.collects)
        if flaw is not None:
            raise _invalid("/actions", "invalid", flaw)
    card: dict[str, Any] = {**notification.card}
    wanted = {name: edit.changes[name] for name in IN_CARD if name in edit.changes}
    changed = [name for name, value in wanted.items() if card.get(name) != value]
    beside = [
        name
        for name in BESIDE
        if name in edit.changes and getattr(notification, name) != edit.changes[name]
    ]
    if not changed and not beside:
        return []
    notification.card = cast(Card, _without_template(card, changed) | wanted)
    for name in beside:
        setattr(notification, name, edit.changes[name])
    drafts.check_times(_draft(notification), now=now)
    if notification.collects and notification.on_expiry != "none":
        raise drafts.decides_nothing()
    notification.version += 1
    if notification.step:
        # Those of the first step were done and are asked anew: nothing may pass on at once. Where
        # they were still asked, an edit starts no clock anew.
        notification.step, notification.step_opened_at = 0, now
    notification.save(
        update_fields=[
            "content", "sealed_content", "version", "step", "step_opened_at", *beside
        ]
    )  # fmt: skip
    if "expires_at" in beside:
        _expire(notification, now=now)
    if "due_at" in beside:
        schedule.anew(notification, now=now)
    return [*changed, *beside]


def _invalid(pointer: str, code: str, sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence, errors=[errors.FieldError(pointer, code, sentence)])


def _draft(notification: Notification) -> drafts.Draft:
    """It as it would be sent now, to be judged by the same rules."""
    return drafts.Draft(
        category="",
        kind=notification.kind,
        card=notification.card,
        audience=notification.audience,
        waves=notification.waves,
        joiners=notification.joiners,
        send_at=notification.send_at,
        due_at=notification.due_at,
        expires_at=notification.expires_at,
        on_expiry=notification.on_expiry,
    )


def _expire(notification: Notification, *, now: datetime) -> None:
    """Let it expire at its new time. An errand of the old one finds that its time has not come."""
    lane = errands.lane_of(notification)
    Errand.objects.filter(
        queue=queues.queue_of(Errand.Kind.EXPIRE, lane),
        lane=lane,
        subsystem_id=notification.subsystem_id,
        notification=notification,
        kind=Errand.Kind.EXPIRE,
        dead_at=None,
    ).delete()
    if notification.expires_at is not None:
        errands.add(
            kind=Errand.Kind.EXPIRE,
            notification=notification,
            due_at=notification.expires_at,
            now=now,
        )


def _ask_again(notification: Notification, *, notify: bool | None, now: datetime) -> None:
    """Tell those who have it; whoever must answer it is pushed, others if the sender wants it."""
    if notification.state != Notification.State.OPEN:
        return
    closing.announce(notification, now=now)
    is_request = notification.kind == Notification.Kind.REQUEST
    if notify is None:
        notify = notification.kind != Notification.Kind.NOTICE
    if is_request or notify:
        # Nobody has begun these, and all whom they are for are pushed the new version.
        pending = clearing.pushes(notification).filter(lease_token=None)
        pending.filter(purpose=Delivery.Purpose.SHOW).delete()
    if is_request:
        steps.open_step(notification, step=0, now=now)
    elif notify:
        clearing.push_all(notification, purpose=Delivery.Purpose.SHOW, now=now)
