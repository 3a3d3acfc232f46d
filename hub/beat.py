"""What beat rings for, and how often."""

from datetime import timedelta
from typing import Any


def schedule(
    *, relay_every: timedelta, directory_bound: timedelta, feed_every: timedelta
) -> dict[str, Any]:
    """Celery's schedule; nothing hangs on a single ring, each comes again."""
    return {
        "relay": {"task": "notifications.relay", "schedule": relay_every.total_seconds()},
        # Five times in the bound, so that one run may fail and one be killed. A ring that waited
        # longer than that is stale.
        "sync_directory": {
            "task": "accounts.sync_directory",
            "schedule": directory_bound.total_seconds() / 5,
            "options": {"expires": directory_bound.total_seconds() / 5},
        },
        "read_feed": {"task": "accounts.read_feed", "schedule": feed_every.total_seconds()},
        "check_drift": {"task": "notifications.check_drift", "schedule": 86_400.0},
        "pass_on_seats": {"task": "notifications.pass_on_seats", "schedule": 60.0},
        "announce": {"task": "notifications.announce", "schedule": 60.0},
        "anchor_audit": {"task": "accounts.anchor_audit", "schedule": 86_400.0},
        "seal_audit": {"task": "accounts.seal_audit", "schedule": 30.0},
        "purge": {"task": "accounts.purge", "schedule": 3600.0},
        "purge_all": {"task": "hub.purge", "schedule": 6 * 3600.0},
        "privacy_requests": {"task": "hub.carry_out_privacy_requests", "schedule": 30.0},
        "purge_feed": {"task": "notifications.purge_feed", "schedule": 3600.0},
        "purge_selfserve": {"task": "selfserve.purge", "schedule": 3600.0},
    }
