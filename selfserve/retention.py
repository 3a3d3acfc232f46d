"""What the self-serve part keeps only for a while, and its end."""

from datetime import datetime, timedelta

from selfserve.models import Captured, LaunchCode

# A code is good for a minute; a replay is recognised as one for a day.
CODES_KEPT = timedelta(days=1)
LOOSE_KEPT = timedelta(days=1)  # uploaded, and not handed in
CAPTURED_KEPT = timedelta(days=30)  # after it was handed in
ROWS_A_BATCH = 1000


def purge(*, now: datetime) -> int:
    """Delete old codes, and files that were not handed in or had their time; how many rows.

    In batches, each its own transaction, so that no lock is held for long.
    """
    deleted = 0
    while batch := list(
        LaunchCode.objects.filter(issued_at__lt=now - CODES_KEPT).values_list("pk", flat=True)[
            :ROWS_A_BATCH
        ]
    ):
        deleted += LaunchCode.objects.filter(pk__in=batch).delete()[0]
    loose = Captured.objects.filter(submission=None, captured_at__lt=now - LOOSE_KEPT)
    handed_in = Captured.objects.filter(submission__submitted_at__lt=now - CAPTURED_KEPT)
    for old in (loose, handed_in):
        while files := list(old.values_list("pk", flat=True)[:ROWS_A_BATCH]):
            deleted += Captured.objects.filter(pk__in=files).delete()[0]
    return deleted
