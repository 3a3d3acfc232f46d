"""What was answered: seats, responses, the decision, and what the sub-system was told."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.admin import base, tables
from accounts.models import Employee
from notifications.models import CallbackEvent, Decision, Notification, Prompt, Response, Seat

SEATS_AT_MOST = 500


def name(person: Employee) -> str:
    """A link to a person, by name and employee id."""
    return tables.link(person, f"{person.display_name} ({person.employee_id})")


def tables_of(
    request: HttpRequest, notification: Notification, *, readable: bool
) -> Iterable[tables.Table]:
    """The tables of a notification's answers that this member of the staff may see.

    Comments and sentences stand there only where the content is `readable`.
    """
    if notification.kind == Notification.Kind.REQUEST:
        if base.may_view(request, Decision):
            yield decision(notification, readable=readable)
        if base.may_view(request, Seat):
            yield seats(notification)
        if base.may_view(request, Response):
            yield responses(notification, readable=readable)
    if base.may_view(request, Prompt):
        yield prompts_of(notification)
    if base.may_view(request, CallbackEvent):
        yield callbacks(notification)


def decision(notification: Notification, *, readable: bool) -> tables.Table:
    """The one decision, if there is one yet."""
    found = Decision.objects.filter(notification=notification)
    head = ["Verb", "Effect", "Version", "By", "Decided", "Outcome", "Outcome since"]
    rows: list[list[object]] = [
        [
            row.verb,
            row.effect,
            row.version,
            tables.NOTHING if row.response is None else name(row.response.actor),
            tables.moment(row.decided_at),
            row.outcome,
            tables.moment(row.outcome_at),
            *([tables.verbatim(row.outcome_message or tables.NOTHING)] if readable else []),
        ]
        for row in found.select_related("response__actor")
    ]
    if readable:
        head.append("The sub-system's sentence")
    return tables.Table("Decision", head, rows, empty="Not decided.")


def seats(notification: Notification) -> tables.Table:
    """Who is asked, and who answers for them now."""
    found = Seat.objects.filter(notification=notification).select_related("principal", "holder")
    return tables.Table(
        "Seats",
        ["Step", "Asked", "Answers now", "Source"],
        [
            [seat.step + 1, name(seat.principal), name(seat.holder), seat.source]
            for seat in found.order_by("step", "id")[:SEATS_AT_MOST]
        ],
    )


def responses(notification: Notification, *, readable: bool) -> tables.Table:
    """Who answered what."""
    found = Response.objects.filter(notification=notification).select_related(
        "actor", "on_behalf_of"
    )
    head = ["By", "For", "Verb", "Effect", "Version", "At"]
    if readable:
        head.append("Comment")
    return tables.Table(
        "Responses",
        head,
        [
            [
                name(row.actor),
                tables.NOTHING if row.on_behalf_of is None else name(row.on_behalf_of),
                row.verb,
                row.effect,
                row.version,
                tables.moment(row.responded_at),
                *([tables.verbatim(str(row.comment or tables.NOTHING))] if readable else []),
            ]
            for row in found.order_by("id")[:SEATS_AT_MOST]
        ],
        empty="Nobody has answered.",
    )


def prompts_of(notification: Notification) -> tables.Table:
    """What was done while people did not answer."""
    found = Prompt.objects.filter(notification=notification).order_by("round")
    return tables.Table(
        "Reminders and escalation",
        ["Round", "Step", "What", "Began", "Done", "People reached"],
        [
            [
                prompt.round,
                prompt.step + 1,
                prompt.do,
                tables.moment(prompt.began_at),
                tables.moment(prompt.done_at),
                prompt.reached,
            ]
            for prompt in found
        ],
        empty="Nothing yet.",
    )


def callbacks(notification: Notification) -> tables.Table:
    """What the sub-system was told, and whether it heard."""
    found = CallbackEvent.objects.filter(notification=notification).defer("body")
    return tables.Table(
        "Callbacks",
        ["Sequence", "Type", "State", "Made", "Told"],
        [
            [
                event.sequence,
                tables.link(event, event.type),
                event.state,
                tables.moment(event.created_at),
                tables.moment(event.done_at),
            ]
            for event in found.order_by("sequence")[:SEATS_AT_MOST]
        ],
        empty="Nothing to tell yet.",
    )
