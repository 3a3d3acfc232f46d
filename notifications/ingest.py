"""Accepting notifications: checked by at most one look, written by one statement.

See docs/adr/0008-accepting-fast.md.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import affiliates, audience, repeats
from accounts.audience import Name
from accounts.subsystems import Caller
from hub.lib import errors, ids
from notifications import blast_radius, drafts, lifecycle, links, lookup, writing
from notifications.models import Notification

LOOKS_AT_MOST = 3

Draft = drafts.Draft


@dataclass(frozen=True, slots=True)
class Accepted:
    """What will not be lost; `count` is exact for requests, an estimate for notices."""

    id: uuid.UUID
    state: str
    count: int
    unknown: Sequence[str]
    held_over: int | None = None  # the blast radius that it exceeds
    version: int = 1
    supersedes: uuid.UUID | None = None
    submission: str = ""
    attached: Sequence[Mapping[str, Any]] = ()

    @property
    def notification(self) -> Notification:
        """Its row, read again."""
        return Notification.objects.get(id=self.id)


Result = Accepted | errors.HubError
Parsed = list[audience.Audience] | errors.HubError  # of its steps, if it has several
# Given the results, what to keep of the request under its idempotency key.
Keeping = Callable[[Sequence[Result]], repeats.Record | None]


class Repeated(Exception):
    """The request was done before, or is being done by another; nothing was written."""


def accept(draft: Draft, *, caller: Caller, now: datetime) -> Accepted:
    """Write a notification with its seats and errands. Raises Invalid with a pointer a fault."""
    [result] = accept_all([draft], caller=caller, now=now)
    if isinstance(result, errors.HubError):
        raise result
    return result


def accept_all(
    drafts: Sequence[Draft | errors.HubError],
    *,
    caller: Caller,
    now: datetime,
    keeping: Keeping | None = None,
) -> list[Result]:
    """Write all drafts that can be accepted; of each, in order, what was accepted or refused.

    What is refused already is passed through. All are written in one transaction, and with them
    the record of the request if `keeping` makes one. Raises Repeated (see `writing`), and
    Unavailable if those who are named leave faster than they can be looked up.
    """
    parsed = [_parse(draft, caller=caller) for draft in drafts]
    for found in _finds(drafts, parsed, caller=caller):
        planned = _plan(drafts, parsed, found=found, caller=caller, now=now)
        if found.is_assumed and _refused(planned) > _refused(drafts):
            continue
        results = [one if isinstance(one, errors.HubError) else one[0] for one in planned]
        rows = [one[1] for one in planned if not isinstance(one, errors.HubError)]
        record = None if keeping is None else keeping(results)
        if not rows and record is None:
            return results
        outcome = _write(rows, results, caller=caller, now=now, record=record)
        if outcome is writing.Outcome.WRITTEN:
            return results
        if outcome is writing.Outcome.REPEATED:
            raise Repeated
    raise errors.Unavailable("Who is named changes just now. Send the same request again.")


def _write(
    rows: Sequence[writing.Row],
    results: Sequence[Result],
    *,
    caller: Caller,
    now: datetime,
    record: repeats.Record | None,
) -> writing.Outcome:
    accepted = [one for one in results if isinstance(one, Accepted)]
    if not any(
        one.held_over is not None or one.supersedes or one.submission or one.attached
        for one in accepted
    ):
        return writing.write(rows, caller=caller, now=now, record=record)
    with transaction.atomic():
        outcome = writing.write(rows, caller=caller, now=now, record=record)
        for one in accepted if outcome is writing.Outcome.WRITTEN else ():
            if (over := one.held_over) is not None:
                blast_radius.note_held(one.id, limit=over, count=one.count, caller=caller, now=now)
            links.make(one.id, supersedes=one.supersedes, submission=one.submission, now=now)
            links.attach(one.id, one.attached, caller=caller)
    return outcome


def _finds(
    drafts: Sequence[Draft | errors.HubError], parsed: Sequence[Parsed], *, caller: Caller
) -> Iterator[lookup.Found]:
    """What the drafts speak of: as it may be assumed, and then as it is looked up, again and again.

    An assumption is good enough to accept everything; nothing is ever refused because of one.
    """
    good = [draft for draft in drafts if isinstance(draft, Draft)]
    categories = {draft.category for draft in good}
    audiences = [one for each in parsed if isinstance(each, list) for one in each]
    assumed = lookup.assume(categories=categories, audiences=audiences, caller=caller)
    if assumed is not None:
        yield assumed
    names = {name for one in audiences for name in audience.only_names(one) or ()}
    names |= {Name("id", draft.requester) for draft in good if draft.requester is not None}
    for _ in range(LOOKS_AT_MOST):
        yield lookup.look_up(categories=categories, names=names, caller=caller)


def _refused(some: Sequence[object]) -> int:
    return sum(isinstance(one, errors.HubError) for one in some)


def _plan(
    drafts: Sequence[Draft | errors.HubError],
    parsed: Sequence[Parsed],
    *,
    found: lookup.Found,
    caller: Caller,
    now: datetime,
) -> list[tuple[Accepted, writing.Row] | errors.HubError]:
    """What of each draft is to be written, or why it is refused."""
    planned: list[tuple[Accepted, writing.Row] | errors.HubError] = []
    for draft, meant in zip(drafts, parsed, strict=True):
        try:
            if isinstance(draft, errors.HubError):
                planned.append(draft)
            else:
                planned.append(_plan_one(draft, meant, found=found, caller=caller, now=now))
        except errors.Invalid as refusal:
            planned.append(refusal)
    return planned


def _plan_one(
    draft: Draft,
    meant: Parsed,
    *,
    found: lookup.Found,
    caller: Caller,
    now: datetime,
) -> tuple[Accepted, writing.Row]:
    category = _category(draft, found=found)
    requester = _requester(draft, found=found, caller=caller)
    drafts.check_times(draft, now=now)
    links.check(draft, caller=caller)
    card = drafts.card(draft, category_id=category.id, caller=caller)
    if isinstance(meant, errors.HubError):
        raise meant
    is_request = draft.kind == Notification.Kind.REQUEST
    without = requester if is_request else None
    asked = [lookup.asked(one, requester=without, found=found) for one in meant]
    places = [pointer for pointer, _ in drafts.audiences(draft)]
    unknown = list(dict.fromkeys(name for one in asked for name in one.unknown))
    for place, one in zip(places, asked, strict=True):
        if one.count == 0:
            raise _nobody(unknown, pointer=place)
    seats = [one.count for one in asked]
    if is_request and sum(seats) > settings.SEATS_AT_MOST:
        raise _invalid(
            places[0], "too_many_approvers",
            f"A request asks at most {settings.SEATS_AT_MOST} people.",
        )  # fmt: skip
    count, few = seats[0], asked[0].few
    steps = [step for step, number in enumerate(seats) for _ in range(number)]
    if len(asked) > 1:
        few = [person for one in asked for person in one.few or ()]
        count = len(set(few))
    radius = blast_radius.of(caller)
    held = radius.is_exceeded_by(count)
    upcoming = lifecycle.upcoming(send_at=draft.send_at, now=now)
    row = writing.Row(
        id=ids.uuid7(),
        category_id=category.id,
        category_seen=category.seen,
        kind=draft.kind,
        reference=draft.reference,
        state=Notification.State.HELD if held else upcoming,
        sensitivity=draft.sensitivity or category.sensitivity,
        priority=draft.priority,
        card=card,
        audience=audience.kept(drafts.audience(draft), within=caller.within),
        policy=drafts.policy(draft, seats=seats) if is_request else {},
        requester=requester,
        collapse_key=draft.collapse_key,
        metadata=draft.metadata,
        waves=draft.waves,
        joiners=draft.joiners,
        send_at=draft.send_at,
        due_at=draft.due_at,
        expires_at=draft.expires_at,
        on_expiry=drafts.on_expiry(draft, default=category.on_expiry),
        escalation=_escalation(draft, category=category, caller=caller),
        people=few or (),
        seats=[ids.uuid7() for _ in few or ()] if is_request else (),
        steps=steps if len(asked) > 1 else (),
        at_once=few is not None
        and not (held or draft.waves)
        and upcoming == Notification.State.OPEN,
        held_over=radius.recipients if held else None,
        tells_each=draft.kind == Notification.Kind.ACKNOWLEDGEMENT and few is not None,
    )
    accepted = Accepted(
        id=row.id, state=row.state, count=count, unknown=unknown, held_over=row.held_over,
        supersedes=draft.supersedes, submission=draft.submission,
        attached=card.get("attachments", ()),
    )  # fmt: skip
    return accepted, row


def _parse(draft: Draft | errors.HubError, *, caller: Caller) -> Parsed:
    """Its audience, or those of its steps, under the ceilings of the caller."""
    if isinstance(draft, errors.HubError):
        return draft
    try:
        meant = [
            audience.validate(said, pointer=pointer) for pointer, said in drafts.audiences(draft)
        ]
        if caller.within:
            return [audience.bounded(one, within=caller.within) for one in meant]
        return meant
    except errors.Invalid as refusal:
        return refusal


def _category(draft: Draft, *, found: lookup.Found) -> lookup.Category:
    category = found.categories.get(draft.category)
    if category is None:
        raise _invalid("/category", "unknown_category", "No such category of your sub-system.")
    order = ["public", "internal", "restricted"]
    if draft.sensitivity and order.index(draft.sensitivity) < order.index(category.sensitivity):
        raise _invalid(
            "/sensitivity", "sensitivity_too_low",
            f"The category is {category.sensitivity}; a notification may only be more sensitive.",
        )  # fmt: skip
    return category


def _requester(draft: Draft, *, found: lookup.Found, caller: Caller) -> lookup.Who | None:
    if draft.requester is None or found.is_assumed:
        return draft.requester
    requester = found.everybody.get(Name("id", draft.requester))
    if requester is None or affiliates.are_apart(requester, caller.affiliates):
        raise _invalid("/requester", "unknown_employee", "No employee has this id.")
    return requester[0]


def _escalation(draft: Draft, *, category: lookup.Category, caller: Caller) -> list[dict[str, Any]]:
    """What happens while nobody answers. Raises Invalid, also for a group that is empty."""
    steps = drafts.escalation(draft, default=category.escalation)
    for place, step in enumerate(draft.escalation or ()):
        if step["do"] == "group":
            pointer = f"/escalation/{place}/group"
            members = audience.validate({"any": [{"group": step["group"]}]}, pointer=pointer)
            if not audience.count(audience.bounded(members, within=caller.within)):
                raise _invalid(pointer, "audience_empty", "Nobody is in this group.")
    return steps


def _nobody(unknown: Sequence[str], *, pointer: str) -> errors.Invalid:
    hint = f" Unknown: {', '.join(unknown[:20])}." if unknown else ""
    return _invalid(pointer, "audience_empty", f"The audience contains nobody.{hint}")


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
