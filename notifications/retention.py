"""What the story keeps only for a while, and its end: by table, and by category.

Everything goes in batches, each its own transaction; what a legal hold covers stays. Of a request
the words and copies go by its category, while who decided what stays for the legal period.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.models import LegalHold
from hub.lib import ids
from notifications.models import (
    Attachment,
    BroadcastChange,
    CallbackAttempt,
    CallbackEvent,
    Category,
    Decision,
    DecisionReceipt,
    Delivery,
    Digested,
    Errand,
    Mail,
    Notification,
    Prompt,
    Question,
    Recipient,
    Response,
    Seat,
)

ROWS_A_BATCH = 5_000
NOTIFICATIONS_A_BATCH = 100
GONE = "(deleted)"  # where words stood
BATCHES_AT_MOST = 1_000  # a run; the next one goes on

# By the key, which begins with the notification's moment: what is younger is not looked at.
_DELIVERIES = """
DELETE FROM notifications_delivery WHERE ctid = ANY (ARRAY(
    SELECT delivery.ctid FROM notifications_delivery AS delivery
     WHERE delivery.notification_id < %(floor)s AND delivery.first_tried_at < %(before)s
       AND NOT EXISTS (SELECT FROM accounts_legalhold AS hold WHERE hold.lifted_at IS NULL
            AND (hold.notification = delivery.notification_id
                 OR hold.employee_id = delivery.employee_id))
     LIMIT %(batch)s))
"""


def purge(*, now: datetime) -> Counter[str]:
    """Delete what is over; how many rows of which table."""
    gone: Counter[str] = Counter()
    _deliveries(gone, before=now - settings.DELIVERIES_KEPT)
    _again(lambda: _events(gone, before=now - settings.CALLBACK_EVENTS_KEPT))
    _again(lambda: _forget(gone, _over(now=now), now=now))
    _again(lambda: _delete(gone, _over_for_good(now=now)))
    return +gone


def _again(batch: Callable[[], int]) -> None:
    for _ in range(BATCHES_AT_MOST):
        if not batch():
            return


def _deliveries(gone: Counter[str], *, before: datetime) -> None:
    given: dict[str, Any] = {"floor": ids.floor(before), "before": before, "batch": ROWS_A_BATCH}

    def batch() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_DELIVERIES, given)
            gone["Delivery"] += cursor.rowcount
            return int(cursor.rowcount)

    _again(batch)


def _events(gone: Counter[str], *, before: datetime) -> int:
    """What the sub-system was told, or was given up, or could have pulled, long ago."""
    over = CallbackEvent.objects.filter(
        ~Exists(LegalHold.objects.filter(lifted_at=None, notification=OuterRef("notification"))),
        pk__lt=ids.floor(before),
        state__in=["done", "dead", "kept"],
    )
    told = over.annotate(last_at=Coalesce("done_at", "created_at")).filter(last_at__lt=before)
    keys = list(told.order_by("pk").values_list("pk", flat=True)[:ROWS_A_BATCH])
    with transaction.atomic():
        # A dead one may have been sent for anew meanwhile.
        locked = CallbackEvent.objects.filter(pk__in=keys).exclude(state__in=["pending", "waiting"])
        keys = list(locked.select_for_update().values_list("pk", flat=True))
        gone["CallbackAttempt"] += _rows(CallbackAttempt.objects.filter(event__in=keys))
        gone["CallbackEvent"] += _rows(CallbackEvent.objects.filter(pk__in=keys))
    return len(keys)


def _aged(*, now: datetime) -> QuerySet[Notification]:
    """Closed for longer than their category keeps them, or a notice as old as that; none held."""
    by_period: dict[timedelta, list[uuid.UUID]] = defaultdict(list)
    for key, days in Category.objects.values_list("pk", "kept_days"):
        kept = settings.NOTIFICATIONS_KEPT if days is None else timedelta(days=days)
        by_period[kept].append(key)
    over = Q(pk__in=[])
    for kept, categories in by_period.items():
        before = now - kept
        closed = Q(closed_at__lt=before)
        notice = Q(kind=Notification.Kind.NOTICE, state=Notification.State.OPEN)
        over |= Q(category__in=categories, pk__lt=ids.floor(before)) & (closed | notice)
    return Notification.objects.filter(over, _unheld())


def _unheld() -> Combinable:
    """Neither is it held, nor anybody who has a copy of it or a seat."""
    holds = LegalHold.objects.filter(lifted_at=None)
    people = holds.exclude(employee=None).values("employee")
    copies = Recipient.objects.filter(notification=OuterRef("pk"), employee__in=people)
    seats = Seat.objects.filter(notification=OuterRef("pk"), holder__in=people)
    named = holds.filter(notification=OuterRef("pk"))
    return ~Exists(named) & ~Exists(copies) & ~Exists(seats)


def _over_for_good(*, now: datetime) -> list[uuid.UUID]:
    """Those of which nothing stays: nobody answered, or it was longer ago than the law asks for."""
    kept = Response.objects.filter(
        notification=OuterRef("pk"), responded_at__gte=now - settings.DECISIONS_KEPT
    )
    found = _aged(now=now).filter(~Exists(kept)).order_by("pk")
    return list(found.values_list("pk", flat=True)[:NOTIFICATIONS_A_BATCH])


def _over(*, now: datetime) -> list[uuid.UUID]:
    """Those of which only the decision stays, and that still have their words."""
    found = _aged(now=now).filter(
        Exists(Response.objects.filter(notification=OuterRef("pk"))), forgotten_at=None
    )
    return list(found.order_by("pk").values_list("pk", flat=True)[:NOTIFICATIONS_A_BATCH])


def _forget(gone: Counter[str], keys: Sequence[uuid.UUID], *, now: datetime) -> int:
    """Let the words and the copies go, and the decision stay."""
    for key in keys:
        _copies(gone, key)
        with transaction.atomic():
            row = Notification.objects.select_for_update().get(pk=key)
            forget_words(row)
            row.forgotten_at = now
            row.save(update_fields=["forgotten_at"])
            gone["Question"] += _rows(Question.objects.filter(notification=key))
            gone["Notification.content"] += 1
    return len(keys)


def forget_words(row: Notification) -> None:
    """Let nothing of what a locked notification said be left."""
    row.card = {"title": GONE, "summary": "", "body": "", "facts": [], "links": []}
    Attachment.objects.filter(notification=row).delete()
    row.metadata, row.audience = {}, {}
    row.closed_reason, row.settlement = None, None
    row.save(
        update_fields=[
            "content", "sealed_content", "metadata", "audience", "closed_reason", "settlement",
        ]
    )  # fmt: skip


def _delete(gone: Counter[str], keys: Sequence[uuid.UUID]) -> int:
    for key in keys:
        _copies(gone, key)
        with transaction.atomic():
            events = CallbackEvent.objects.filter(notification=key)
            gone["CallbackAttempt"] += _rows(CallbackAttempt.objects.filter(event__in=events))
            for model in _OF_ONE:
                gone[model.__name__] += _rows(model._default_manager.filter(notification=key))
            gone["Notification"] += _rows(Notification.objects.filter(pk=key))
    return len(keys)


# In the order in which they point to each other.
_OF_ONE: tuple[type[Model], ...] = (
    CallbackEvent, DecisionReceipt, Decision, Response, Seat, Question, Prompt, BroadcastChange,
    Errand, Mail, Digested, Attachment,
)  # fmt: skip


def _copies(gone: Counter[str], key: uuid.UUID) -> None:
    """The copies of a notification and its pushes, batch by batch."""
    for model in (Delivery, Recipient):
        while True:
            copies = model._default_manager.filter(notification=key).order_by("employee_id")
            people = list(copies.values_list("employee_id", flat=True)[:ROWS_A_BATCH])
            if not people:
                break
            between = copies.order_by().filter(
                employee_id__gte=people[0], employee_id__lte=people[-1]
            )
            gone[model.__name__] += _rows(between)


def _rows(found: QuerySet) -> int:
    """Delete rows that nothing is left to point to, by one statement; how many."""
    return int(found._raw_delete(found.db) or 0)  # None: there could be none
