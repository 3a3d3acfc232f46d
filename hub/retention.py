"""The end of what was to be kept for a while, across all apps; each purge leaves a receipt."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts import audit
from accounts import retention as of_accounts
from accounts.models import Device, Employee, LegalHold
from accounts.privacy import archives, erasure
from hub import privacy
from hub.lib import logging
from notifications import privacy as of_people
from notifications import retention as of_notifications

log = logging.get(__name__)

LEAVERS_A_RUN = 200


def purge(*, now: datetime) -> dict[str, int]:
    """Delete what is over; the receipt, rows by table, which is on the audit log as well."""
    gone: Counter[str] = of_notifications.purge(now=now)
    gone["accounts"] += of_accounts.purge(now=now)
    gone["PrivacyArchive.content"] += archives.purge(now=now)
    gone["Device"] += _sessions(now=now)
    gone["Employee"] += _leavers(now=now)
    gone["Employee.name"] += _names(now=now)
    receipt = {table: rows for table, rows in gone.items() if rows}
    if receipt:
        log.info("purged", **receipt)
        with transaction.atomic():
            audit.record(
                now=now,
                actor=audit.HUB,
                action="purged",
                subject_kind="hub",
                subject_id="",
                data=receipt,
            )
    return receipt


def _held() -> Exists:
    return Exists(LegalHold.objects.filter(lifted_at=None, employee=OuterRef("employee")))


def _sessions(*, now: datetime) -> int:
    """Sessions that ended long ago, with their tokens."""
    over = Device.objects.filter(~_held(), closed_at__lt=now - settings.SESSIONS_KEPT)
    return over.delete()[1].get(Device._meta.label, 0)


def _leavers(*, now: datetime) -> int:
    """Who left so long ago that nothing of them is needed, but for their decisions."""
    held = LegalHold.objects.filter(lifted_at=None, employee=OuterRef("pk"))
    gone = Employee.objects.filter(
        ~Exists(held), erased_at=None, disabled_at__lt=now - settings.LEAVERS_KEPT
    )
    found = list(gone.order_by("disabled_at").values_list("pk", flat=True)[:LEAVERS_A_RUN])
    for employee_id in found:
        privacy.erase(employee_id=employee_id, reason="left", now=now)
    return len(found)


def _names(*, now: datetime) -> int:
    """Erased people whose last decision is older than the law asks for are named no more."""
    held = LegalHold.objects.filter(lifted_at=None, employee=OuterRef("pk"))
    erased = Employee.objects.filter(~Exists(held), erased_at__isnull=False)
    count = 0
    for employee_id in list(
        erased.exclude(employee_id__startswith="erased:").values_list("pk", flat=True)
    ):
        since = now - settings.DECISIONS_KEPT
        if not of_people.decided_since(employee_id=employee_id, since=since):
            erasure.unname(employee_id=employee_id)
            count += 1
    return count
