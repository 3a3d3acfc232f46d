"""What a sub-system asks to be sent, and the rules that need nothing but what it says."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from accounts.subsystems import Caller
from hub.lib import errors
from notifications import attachments, editions, waves
from notifications.approvals.policy import Rule
from notifications.escalation import plan
from notifications.models import Notification
from notifications.models.notification import Card


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sub-system asks to be sent; shapes are checked already, meanings are not."""

    category: str
    kind: str
    card: Card
    audience: dict[str, Any]
    reference: str = ""
    requester: str | None = None
    sensitivity: str | None = None
    priority: str = Notification.Priority.NORMAL
    collapse_key: str = ""
    supersedes: uuid.UUID | None = None
    attachments: Sequence[uuid.UUID] = ()
    submission: str = ""  # the reference of what was handed in by a form, which it is about
    metadata: dict[str, Any] = field(default_factory=dict)
    template: str = ""  # of its category; then the card has no words of its own
    data: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, str] | None = None
    joiners: bool = False
    send_at: datetime | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    on_expiry: str | None = None  # None: as the category says
    escalation: list[dict[str, Any]] | None = None  # None: as the category says


def card(draft: Draft, *, category_id: uuid.UUID, caller: Caller) -> Card:
    """What people read: as the draft says, or by the template that it names (one more look).

    With the files that it names (another one). Raises Invalid.
    """
    said = draft.card
    if draft.template:
        said = editions.card(said, category_id=category_id, key=draft.template, data=draft.data)
    if not draft.attachments:
        return said
    return attachments.onto(said, attachments.find(draft.attachments, caller=caller))


def check_times(draft: Draft, *, now: datetime) -> None:
    """Raise Invalid where its moments contradict each other or the present one."""
    if draft.expires_at is not None and draft.expires_at <= max(now, draft.send_at or now):
        raise _invalid("/expires_at", "in_the_past", "It must expire after it is sent.")
    if draft.due_at is not None and draft.expires_at and draft.due_at > draft.expires_at:
        raise _invalid("/due_at", "after_expiry", "It must be due before it expires.")
    if draft.on_expiry not in {None, "none"} and draft.expires_at is None:
        raise _invalid("/on_expiry", "needs_expires_at", "Say when it expires.")
    if draft.joiners and draft.expires_at is None:
        raise _invalid("/joiners", "needs_expires_at", "Say until when they get it.")
    ends = draft.expires_at
    if draft.waves and ends and ends <= max(now, draft.send_at or now) + waves.LONGEST_WAIT:
        raise _invalid(
            "/expires_at", "before_last_wave", "The last wave is up to 25 hours after the sending."
        )


def audiences(draft: Draft) -> list[tuple[str, dict[str, Any]]]:
    """Whom it is for: one audience, or one for each step of a sequence, each with its pointer."""
    if draft.policy.get("mode") != "sequence":
        return [("/audience", draft.audience)]
    steps = enumerate(draft.policy["steps"])
    return [(f"/policy/steps/{index}/audience", step["audience"]) for index, step in steps]


def audience(draft: Draft) -> dict[str, Any]:
    """Its audience as it is kept: as the sender said it."""
    found = [said for _, said in audiences(draft)]
    return {"steps": found} if draft.policy.get("mode") == "sequence" else found[0]


def policy(draft: Draft, *, seats: Sequence[int]) -> dict[str, Any]:
    """Its policy with all defaults. Raises Invalid for a quorum above the seats of its step."""
    given = draft.policy
    if given.get("mode") == "collect":
        if draft.on_expiry not in {None, "none"}:
            raise decides_nothing()
        return {"mode": "collect"}
    if given.get("mode") != "sequence":
        return _rule(given, pointer="/policy", seats=seats[0])
    steps = enumerate(given["steps"])
    rules = [_rule(one, pointer=f"/policy/steps/{at}", seats=seats[at]) for at, one in steps]
    return {"mode": "sequence", "steps": rules}


def decides_nothing() -> errors.Invalid:
    """The refusal of a default decision for what decides nothing."""
    return _invalid("/on_expiry", "decides_nothing", "What collects answers decides nothing.")


def on_expiry(draft: Draft, *, default: str) -> str:
    """What happens at its end: as it says, else as its category does if there is an end."""
    if draft.kind != Notification.Kind.REQUEST or draft.policy.get("mode") == "collect":
        return "none"
    return draft.on_expiry or (default if draft.expires_at is not None else "none")


def escalation(draft: Draft, *, default: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What happens while nobody answers: as it says, else what of its category's makes sense of it.

    Raises Invalid, telling every flaw.
    """
    decides = draft.kind == Notification.Kind.REQUEST and draft.policy.get("mode") != "collect"
    if draft.escalation is None:
        if draft.kind == Notification.Kind.NOTICE:
            return []
        return list(default) if decides else plan.only_reminders(default)
    if draft.escalation and draft.kind == Notification.Kind.NOTICE:
        raise _invalid("/escalation", "nobody_waits", "A notice waits for nobody.")
    flaws = plan.check(draft.escalation, pointer="/escalation", seated=decides)
    if flaws:
        raise errors.Invalid("The escalation is not valid. See errors.", errors=flaws)
    return draft.escalation


def _rule(given: dict[str, Any], *, pointer: str, seats: int) -> dict[str, Any]:
    own = {name: given[name] for name in ("mode", "n", "reject_ends") if name in given}
    rule = asdict(Rule(**own))
    if rule["mode"] == "quorum" and not 1 <= rule["n"] <= seats:
        raise _invalid(
            f"{pointer}/n", "quorum_unreachable", f"Between 1 and {seats}, the number of approvers."
        )
    return rule


def flaw_of_actions(actions: Sequence[Mapping[str, Any]], *, collects: bool) -> str | None:
    """What is wrong with them together; None if nothing is."""
    verbs = [action["verb"] for action in actions]
    if len(set(verbs)) != len(verbs):
        return "Each verb may stand once."
    effects = {action.get("effect", action["verb"]) for action in actions}
    if collects and effects != {"answer"}:
        return "What collects answers offers them: verbs with the effect answer."
    if not collects and actions and "approve" not in effects:
        return "One of them must approve, or nobody could."
    return None


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
