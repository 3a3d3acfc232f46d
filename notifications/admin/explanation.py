"""“Why didn't I get it?”: the chain for one person and one notification, without its words."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.admin import employees, reading, tables
from accounts.models import Employee
from hub.lib import clock, errors
from notifications.explain import chain, facts
from notifications.models import Notification, Recipient
from notifications.models.category import Sensitivity

LATEST = 20
PAGE = "why"


def answer(request: HttpRequest, employee: Employee) -> dict[str, object]:
    """What the page shows, read on the record."""
    now = clock.now()
    asked = request.GET.get("notification", "").strip().replace("\0", "")
    shown: dict[str, object] = {"asked": asked, "tables": [latest(employee)]}
    note = {"notification": ""}
    if asked:
        try:
            notification = facts.find(notification=asked)
        except errors.NotFound as refusal:
            shown["missing"] = refusal.detail
        else:
            found = chain.explain(facts.of(employee=employee, notification=notification, now=now))
            shown |= {"answer": found.answer, "tables": [about(notification), links(found)]}
            note = {"notification": str(notification.pk)}
    reading.note(request, kind="employee", subject_id=employee.pk, now=now, page=PAGE, **note)
    return shown


def about(notification: Notification) -> tables.Table:
    """Which one it is, by what is no content."""
    return tables.Table(
        "The notification",
        ["Id", "Sub-system", "Category", "Kind", "State", "Sent"],
        [_row(notification, id_=str(notification.pk))],
    )


def links(found: chain.Explanation) -> tables.Table:
    """The chain, link by link."""
    return tables.Table(
        "The chain",
        ["", "Code", "What is so"],
        [
            ["ends here" if link.ends else "", link.code, tables.verbatim(link.sentence)]
            for link in found.links
        ],
    )


def latest(employee: Employee) -> tables.Table:
    """What came to the person lately, to choose from."""
    copies = (
        Recipient.objects.filter(employee=employee)
        .select_related("notification__subsystem", "notification__category")
        .order_by("-arrived_at", "-notification_id")[:LATEST]
    )
    return tables.Table(
        "What came lately",
        ["Id", "Sub-system", "Category", "Kind", "State", "Sent"],
        [_row(copy.notification, id_=_link(employee, copy.notification)) for copy in copies],
        empty="Nothing has ever come to this person.",
    )


def _row(notification: Notification, *, id_: SafeString | str) -> list[object]:
    restricted = notification.sensitivity == Sensitivity.RESTRICTED
    return [
        id_,
        notification.subsystem.name,
        tables.NOTHING if restricted else notification.category.name,
        notification.kind,
        notification.state,
        tables.moment(notification.created_at),
    ]


def _link(employee: Employee, notification: Notification) -> SafeString:
    page = reverse(f"admin:accounts_employee_{PAGE}", args=[employee.pk])
    return tables.anchor(f"{page}?notification={notification.pk}", text=str(notification.pk))


employees.WHY.append(answer)
