"""What of a notification's words staff may read."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts import rights
from accounts.admin import tables
from notifications.models import Notification
from notifications.models.category import Sensitivity

HIDDEN = "Restricted: reading it needs the permission to read restricted content."


def may_read(request: HttpRequest, notification: Notification) -> bool:
    """Whether this member of the staff may read the card, the comments and what they end in."""
    if notification.sensitivity != Sensitivity.RESTRICTED:
        return True
    if rights.may(request.user, "read", notification):
        return True
    return request.user.has_perm("notifications.read_content")  # of Django's own, by hand


def tables_of(notification: Notification) -> Iterable[tables.Table]:
    """The parts of a card that are lists."""
    card = notification.card
    if facts := card.get("facts"):
        rows = [[fact.get("label", ""), _value(fact)] for fact in facts]
        yield tables.Table("Facts", ["Label", "Value"], rows)
    if links := card.get("links"):
        rows = [[link.get("label", ""), _target(link)] for link in links]
        yield tables.Table("Links", ["Label", "Where to"], rows)
    if actions := card.get("actions"):
        head = ["Verb", "Label", "Effect", "Comment"]
        rows = [
            [a["verb"], a["label"], a["effect"], a["comment"] or tables.NOTHING] for a in actions
        ]
        yield tables.Table("Actions", head, rows)


def _value(fact: dict[str, object]) -> str:
    return " ".join(str(fact[part]) for part in ("value", "currency") if fact.get(part))


def _target(link: dict[str, object]) -> str:
    return " ".join(str(link[part]) for part in ("module", "path", "url") if link.get(part))
