"""What the accounts keep only for a while, and its end."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts import spraying
from accounts.models import IdempotencyRecord, SignInBudget

# The contract promises at least 24 hours.
ANSWERS_KEPT = timedelta(hours=25)
ROWS_A_BATCH = 5_000


def purge(*, now: datetime) -> int:
    """Delete answers nobody may ask for again and budgets whose window is over; how many rows.

    In batches of ROWS_A_BATCH, each its own transaction, so that no lock is held for long.
    """
    deleted = 0
    while True:
        old = IdempotencyRecord.objects.filter(created_at__lt=now - ANSWERS_KEPT)
        batch = list(old.values_list("pk", flat=True)[:ROWS_A_BATCH])
        if not batch:
            break
        deleted += IdempotencyRecord.objects.filter(pk__in=batch).delete()[0]
    deleted += spraying.purge(now=now)
    over = now - 2 * settings.SIGN_IN_WINDOW
    return deleted + SignInBudget.objects.filter(window_started_at__lt=over).delete()[0]
