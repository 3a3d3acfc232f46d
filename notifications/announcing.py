"""What the hub itself tells people: through a sub-system of its own, by the road of all others.

Nobody holds a key of that sub-system: it speaks from within. Whoever has something to be told
leaves a row; the relay's task finds it and marks it in the transaction that accepts the
notification, so that it is told once.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import formats

from accounts import audit, subsystems
from accounts.models import Employee, PrivacyNotice, PrivacyRequest, Subsystem
from accounts.privacy import notices
from accounts.subsystems import Caller
from notifications import ingest
from notifications.models import Category, Notification
from notifications.models.category import Sensitivity
from notifications.models.notification import Card

PRIVACY = "privacy"
_ANYBODY = 2_000_000_000  # its blast radius: what it says was decided by staff already
_BODY_AT_MOST = 20_000  # characters, as of every sender


def privacy_notices(*, now: datetime) -> int:
    """Tell everybody of material changes that lie ahead; how many were told of.

    The first notice of all changes nothing, and whatever is in effect already is shown by the gate.
    """
    told = 0
    with transaction.atomic():
        waiting = PrivacyNotice.objects.filter(
            material=True, announced_at=None, published_at__isnull=False, effective_at__gt=now
        )
        for notice in waiting.order_by("number").select_for_update():
            if not Employee.objects.filter(disabled_at=None).exists():
                break
            _send(_card(notice), audience={"any": [{"everybody": True}]}, now=now)
            notice.announced_at = now
            notice.save(update_fields=["announced_at"])
            told += 1
    return told


def privacy_requests(*, now: datetime) -> int:
    """Confirm to people what became of what they asked about their data; how many were told.

    Whoever is erased already has no inbox any more: of an erasure they are told when it is
    approved.
    """
    told = 0
    news = PrivacyRequest.objects.exclude(told=F("state")).exclude(kind="disclosure")
    for key in list(news.order_by("pk").values_list("pk", flat=True)[:_AT_A_TIME]):
        with transaction.atomic():
            row = (
                PrivacyRequest.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("employee")
                .filter(pk=key)
                .first()
            )
            if row is None or row.told == row.state:
                continue
            row.told = row.state
            row.save(update_fields=["told"])
            sentence = _SENTENCES.get((row.kind, row.state)) or _SENTENCES.get(("", row.state))
            if sentence is None or row.employee.disabled_at is not None:
                continue
            named: dict[str, object] = {"any": [{"employees": [row.employee.employee_id]}]}
            _send(_card_of_request(row, sentence), audience=named, now=now)
            told += 1
    return told


_AT_A_TIME = 500
# By kind and state; "" is any other kind.
_SENTENCES = {
    ("", "received"): "We have received it, and answer by {due}.",
    ("", "done"): "It is done.",
    ("", "refused"): "It was refused, for the reason below. You may complain.",
    ("export", "done"): "Your copy is ready. Fetch it within 7 days; it can be fetched once.",
    ("erasure", "approved"): "Your data are being erased, and you are signed out everywhere.",
}


def _card_of_request(row: PrivacyRequest, sentence: str) -> Card:
    return {
        "title": f"Your privacy request: {row.get_kind_display().lower()}",
        "summary": sentence.format(due=formats.date_format(row.due_at, "j F Y")),
        "body": str(row.answer or ""),
        "facts": [{"label": "Request", "value": str(row.pk), "type": "text"}],
        "links": [],
    }


def _card(notice: PrivacyNotice) -> Card:
    words = notice.texts[notices.NEEDED_LANGUAGE]
    assert notice.effective_at is not None
    day = formats.date_format(notice.effective_at, "j F Y")
    return {
        "title": f"Changed privacy notice from {day}",
        "summary": f"{words['title']}. From {day} on you are asked to accept it.",
        "body": words["text"][:_BODY_AT_MOST],
        "facts": [{"label": "Version", "value": notice.version, "type": "text"}],
        "links": [],
    }


def _send(card: Card, *, audience: dict[str, object], now: datetime) -> uuid.UUID:
    draft = ingest.Draft(
        category=PRIVACY,
        kind=Notification.Kind.NOTICE,
        card=card,
        audience=audience,
        priority=Notification.Priority.NORMAL,
    )
    return ingest.accept(draft, caller=_caller(now=now), now=now).id


def _caller(*, now: datetime) -> Caller:
    """The hub itself, which is made when it has something to say for the first time."""
    own = Subsystem.objects.filter(key=subsystems.BUILT_IN).first() or subsystems.create(
        key=subsystems.BUILT_IN, name=settings.HUB_NAME, actor=audit.HUB, now=now
    )
    Category.objects.get_or_create(
        subsystem=own,
        key=PRIVACY,
        defaults={"name": "Privacy", "essential": True, "sensitivity": Sensitivity.INTERNAL},
    )
    return Caller(
        subsystem_id=own.pk,
        key_id=own.pk,
        mode=Notification.Mode.LIVE,
        blast_radius=_ANYBODY,
    )
