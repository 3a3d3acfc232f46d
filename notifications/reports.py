"""What a sub-system reads back of what it sent."""

import uuid
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from django.db.models import Count, Q, QuerySet

from accounts.subsystems import Caller
from hub.lib import clock, cursors, errors, ids
from notifications import outcomes, surveys
from notifications.assurance import kept, receipt
from notifications.escalation import prompts
from notifications.models import Decision, Delivery, Notification, Recipient


class Counts(TypedDict):
    """How far a notification has come, in people and in phones."""

    recipients: int
    seen: int
    read: int
    acknowledged: int
    responded: int
    pushes_sent: int
    pushes_failed: int


class Report(TypedDict):
    """A notification as its sender reads it."""

    id: str
    uri: str
    kind: str
    category: str
    reference: str
    state: str
    version: int
    sensitivity: str
    priority: str
    created_at: str
    waves: dict[str, str] | None
    joiners: bool
    send_at: str | None
    due_at: str | None
    expires_at: str | None
    escalation: list[dict[str, Any]]
    closed_at: str | None
    closed_reason: str | None
    settlement: dict[str, Any] | None
    supersedes: str | None
    held_over: int | None
    released_at: str | None
    fanned_out: bool
    metadata: dict[str, Any]
    progress: dict[str, int] | None
    decision: outcomes.Outcome | None


class FullReport(Report):
    """A report with its counts and prompts, which cost a read each."""

    counts: Counts
    answers: dict[str, int] | None
    prompts: list[prompts.Told]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a sub-system's notifications, newest first."""

    entries: list[Report]
    after: str | None


def sent(*, caller: Caller) -> QuerySet[Notification]:
    """What this caller sent with keys of this mode: the only way in."""
    return Notification.objects.filter(
        subsystem_id=caller.subsystem_id, mode=caller.mode
    ).select_related("category", "decision__response__actor", "decision__response__on_behalf_of")


def one(*, caller: Caller, notification_id: uuid.UUID) -> FullReport:
    """One notification with its counts. Raises NotFound for one of another sub-system."""
    notification = sent(caller=caller).filter(id=notification_id).first()
    if notification is None:
        raise errors.NotFound("There is no such notification of your sub-system.")
    return full(notification)


def receipts(*, caller: Caller, notification_id: uuid.UUID) -> list[receipt.Receipt]:
    """What proves the answers to one's own request. Raises NotFound for another's."""
    if not sent(caller=caller).filter(id=notification_id).exists():
        raise errors.NotFound("There is no such notification of your sub-system.")
    return kept.of_notification(notification_id)


def page(
    *,
    caller: Caller,
    reference: str | None = None,
    state: str | None = None,
    after: str | None = None,
    page_size: int = 50,
) -> Page:
    """A page by reference and state, newest first."""
    rows = sent(caller=caller)
    if reference is not None:
        rows = rows.filter(reference=reference)
    if state is not None:
        rows = rows.filter(state=state)
    if after is not None:
        try:
            rows = rows.filter(id__lt=uuid.UUID(cursors.decode(after, parts=1)[0]))
        except ValueError as error:
            raise cursors.bad() from error
    found = list(rows.order_by("-id")[: page_size + 1])
    more, found = len(found) > page_size, found[:page_size]
    return Page(
        entries=[report(notification) for notification in found],
        after=cursors.encode(found[-1].id) if more else None,
    )


def report(notification: Notification) -> Report:
    """A notification as its sender reads it."""
    decision: Decision | None = getattr(notification, "decision", None)
    return {
        "id": str(notification.id),
        "uri": uri(notification.id),
        "kind": notification.kind,
        "category": notification.category.key,
        "reference": notification.reference,
        "state": notification.state,
        "version": notification.version,
        "sensitivity": notification.sensitivity,
        "priority": notification.priority,
        "created_at": clock.text(notification.created_at),
        "waves": notification.waves,
        "joiners": notification.joiners,
        "send_at": clock.text(notification.send_at),
        "due_at": clock.text(notification.due_at),
        "expires_at": clock.text(notification.expires_at),
        "escalation": notification.escalation,
        "closed_at": clock.text(notification.closed_at),
        "closed_reason": notification.reason,
        "settlement": notification.settled,
        "supersedes": ids.text(notification.supersedes),
        "held_over": notification.held_over,
        "released_at": clock.text(notification.released_at),
        "fanned_out": notification.fanned_out_at is not None,
        "metadata": notification.metadata,
        "progress": notification.progress,
        "decision": None if decision is None else outcomes.outcome(decision),
    }


def full(notification: Notification) -> FullReport:
    """A notification with its counts and all that was done while people did not answer."""
    return {
        **report(notification),
        "counts": counts(notification),
        "answers": surveys.answers(notification),
        "prompts": prompts.told(notification),
    }


def uri(notification_id: uuid.UUID) -> str:
    """Where the sub-system reads it again."""
    return f"/api/v1/notifications/{notification_id}"


def counts(notification: Notification) -> Counts:
    """How many have it, saw, read, answered it, and how many pushes went."""
    people = Recipient.objects.filter(notification=notification, by_delegation=False).aggregate(
        recipients=Count("employee_id"),
        seen=Count("seen_at"),
        read=Count("read_at"),
        acknowledged=Count("employee_id", filter=Q(acknowledged_version__gte=notification.version)),
        responded=Count("responded_at"),
    )
    pushes = Delivery.objects.filter(
        notification=notification, purpose=Delivery.Purpose.SHOW
    ).aggregate(
        pushes_sent=Count("device_id", filter=Q(state__in=["sent", "delivered"])),
        pushes_failed=Count("device_id", filter=Q(state="failed")),
    )
    return cast(Counts, people | pushes)
