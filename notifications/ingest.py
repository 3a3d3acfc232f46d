"""Accepting notifications: checked by one look at the database, written by one statement.

See docs/adr/0008-accepting-fast.md.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audience, repeats
from accounts.audience import Name
from accounts.subsystems import Caller
from hub.lib import errors, ids
from notifications import blast_radius, drafts, lifecycle, lookup, writing
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

    @property
    def notification(self) -> Notification:
        """Its row, read again."""
        return Notification.objects.get(id=self.id)


Result = Accepted | errors.HubError
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
    for _ in range(LOOKS_AT_MOST):
        planned = _plan(drafts, caller=caller, now=now)
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
    held = [one for one in results if isinstance(one, Accepted) and one.held_over is not None]
    if not held:
        return writing.write(rows, caller=caller, now=now, record=record)
    with transaction.atomic():
        outcome = writing.write(rows, caller=caller, now=now, record=record)
        for one in held if outcome is writing.Outcome.WRITTEN else ():
            blast_radius.note_held(
                one.id, limit=one.held_over, count=one.count, caller=caller, now=now
            )
    return outcome


def _plan(
    drafts: Sequence[Draft | errors.HubError], *, caller: Caller, now: datetime
) -> list[tuple[Accepted, writing.Row] | errors.HubError]:
    """What of each draft is to be written, or why it is refused; by one look at the database."""
    parsed = [_parse(draft) for draft in drafts]
    good = [draft for draft in drafts if isinstance(draft, Draft)]
    names = {name for one in parsed if isinstance(one, list) for name in _names(one)}
    names |= {Name("id", draft.requester) for draft in good if draft.requester is not None}
    found = lookup.look_up(
        categories={draft.category for draft in good}, names=names, caller=caller
    )
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
    meant: list[audience.Audience] | errors.HubError,
    *,
    found: lookup.Found,
    caller: Caller,
    now: datetime,
) -> tuple[Accepted, writing.Row]:
    category = _category(draft, found=found)
    requester = _requester(draft, found=found)
    drafts.check_times(draft, now=now)
    if isinstance(meant, errors.HubError):
        raise meant
    is_request = draft.kind == Notification.Kind.REQUEST
    asked = [_asked(one, requester=requester if is_request else None, found=found) for one in meant]
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
        kind=draft.kind,
        reference=draft.reference,
        state=Notification.State.HELD if held else upcoming,
        sensitivity=draft.sensitivity or category.sensitivity,
        priority=draft.priority,
        card=draft.card,
        audience=drafts.audience(draft),
        policy=drafts.policy(draft, seats=seats) if is_request else {},
        requester_id=requester,
        collapse_key=draft.collapse_key,
        metadata=draft.metadata,
        waves=draft.waves,
        joiners=draft.joiners,
        send_at=draft.send_at,
        due_at=draft.due_at,
        expires_at=draft.expires_at,
        on_expiry=draft.on_expiry,
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
        id=row.id, state=row.state, count=count, unknown=unknown, held_over=row.held_over
    )
    return accepted, row


def _parse(draft: Draft | errors.HubError) -> list[audience.Audience] | errors.HubError:
    """Its audience, or those of its steps."""
    if isinstance(draft, errors.HubError):
        return draft
    try:
        return [
            audience.validate(said, pointer=pointer) for pointer, said in drafts.audiences(draft)
        ]
    except errors.Invalid as refusal:
        return refusal


def _names(meant: Sequence[audience.Audience]) -> Iterator[Name]:
    for one in meant:
        yield from audience.only_names(one) or ()


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


def _requester(draft: Draft, *, found: lookup.Found) -> uuid.UUID | None:
    if draft.requester is None:
        return None
    requester = found.everybody.get(Name("id", draft.requester))
    if requester is None:
        raise _invalid("/requester", "unknown_employee", "No employee has this id.")
    return requester[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    """How many are meant, and who, in the order of their ids; None if they are too many for that.

    The approvers of a request are frozen like this, and its requester is never among them.
    """

    count: int
    few: Sequence[uuid.UUID] | None
    unknown: Sequence[str]


def _asked(meant: audience.Audience, *, requester: uuid.UUID | None, found: lookup.Found) -> _Asked:
    most = settings.SEATS_AT_MOST
    names = audience.only_names(meant)
    if names is not None:
        unknown = [str(name) for name in names if name not in found.enabled]
        named = {person for name in names for person in found.enabled.get(name, ())} - {requester}
        return _Asked(len(named), sorted(named) if len(named) <= most else None, unknown)
    people = audience.matching(meant).order_by("id")
    if requester is not None:
        people = people.exclude(id=requester)
    few = list(people.values_list("id", flat=True)[: most + 1])
    if len(few) <= most:
        return _Asked(len(few), few, audience.unknown(meant))
    return _Asked(audience.count(meant), None, audience.unknown(meant))


def _nobody(unknown: Sequence[str], *, pointer: str) -> errors.Invalid:
    hint = f" Unknown: {', '.join(unknown[:20])}." if unknown else ""
    return _invalid(pointer, "audience_empty", f"The audience contains nobody.{hint}")


def _invalid(pointer: str, code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors=[errors.FieldError(pointer, code, message)])
