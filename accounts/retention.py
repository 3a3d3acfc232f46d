"""What the accounts keep only for a while, and its end."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from accounts import spraying
from accounts.models import Access, IdempotencyRecord, SignInBudget

# The contract promises at least 24 hours.
ANSWERS_KEPT = timedelta(hours=25)
ROWS_A_BATCH = 5_000


def purge(*, now: datetime) -> int:
    """Delete what nobody may ask for again; how many rows.

    Answers, budgets whose window is over, and the access log beyond ACCESS_LOG_KEPT_DAYS. In
    batches of ROWS_A_BATCH, each its own transaction, so that no lock is held for long.
    """
    over = now - 2 * settings.SIGN_IN_WINDOW
    oldest = (now - settings.ACCESS_LOG_KEPT).date()
    return (
        _delete(IdempotencyRecord.objects.filter(created_at__lt=now - ANSWERS_KEPT))
        + spraying.purge(now=now)
        + _delete(Access.objects.filter(day__lt=oldest))
        + SignInBudget.objects.filter(window_started_at__lt=over).delete()[0]
    )


def _delete(old: QuerySet[Any]) -> int:
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:ROWS_A_BATCH]):
        deleted += old.model._base_manager.filter(pk__in=batch).delete()[0]
    return deleted
