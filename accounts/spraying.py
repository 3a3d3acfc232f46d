"""One password over many names: what a budget by name does not see.

From one address only so many names may fail within the window; then it is refused, whichever name
comes next. Names that fail everywhere together only raise the alarm: refusing everybody would be
what an attacker wants. Known devices are not counted, so that an attacker behind the company's
own gateway does not lock its employees out.
"""

import ipaddress
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from accounts import audit, refusals
from accounts.models import SignInAlarm, SignInBudget, SignInSource
from hub.lib import keys, logging

log = logging.get(__name__)

_LOCK = 0x6875  # with a hash of the source: one count of its names at a time
_EVERYWHERE = b"everywhere"


class TooManyNames(refusals.TooManyAttempts):
    """From this address too many names were tried in vain."""

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            retry_after_seconds=retry_after_seconds,
            detail="Wait before trying to sign in from this network again.",
        )


def source_of(client_address: str) -> bytes | None:
    """Under what an address is counted: IPv6 by its /64, one subscriber's. None without one."""
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:  # a unix socket: there is nobody to tell apart
        return None
    packed = address.packed if address.version == 4 else address.packed[:8]
    return keys.ring().blind_index(packed, purpose="sign-in-source")


def count(*, source: bytes, name: bytes, now: datetime) -> bool:
    """Note that this name is tried from there; whether it is the first time in the window.

    Inside the caller's transaction, which it makes wait for others from the same source. Raises
    TooManyNames if the source has used up its names.
    """
    over = now - settings.SIGN_IN_WINDOW
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [_LOCK, int.from_bytes(source[:4], "big", signed=True)],
        )
    rows = SignInSource.objects.filter(source_index=source)
    rows.filter(tried_at__lte=over).delete()
    tried = dict(rows.order_by("tried_at").values_list("name_index", "tried_at"))
    if name not in {bytes(one) for one in tried} and len(tried) >= settings.SIGN_IN_NAMES:
        wait = min(tried.values()) + settings.SIGN_IN_WINDOW - now
        raise TooManyNames(retry_after_seconds=max(int(wait.total_seconds()), 1))
    _, is_new = SignInSource.objects.update_or_create(
        source_index=source, name_index=name, defaults={"tried_at": now}
    )
    return is_new


def forget(*, source: bytes, name: bytes) -> None:
    """The name was no guess after all."""
    SignInSource.objects.filter(source_index=source, name_index=name).delete()


def alarm(*, client_address: str, source: bytes | None = None, now: datetime) -> None:
    """Note a try beyond the limit, from an address or ("") everywhere; the first one is told.

    In its own transaction.
    """
    index = source or keys.ring().blind_index(_EVERYWHERE, purpose="sign-in-source")
    with transaction.atomic():
        fresh = SignInAlarm(id=uuid.uuid4(), source_index=index, began_at=now, last_at=now, tries=1)
        SignInAlarm.objects.bulk_create([fresh], ignore_conflicts=True)
        row = SignInAlarm.objects.select_for_update().get(source_index=index)
        begins = row.pk == fresh.pk or row.last_at <= now - settings.SIGN_IN_WINDOW
        row.began_at = now if begins else row.began_at
        row.tries = 1 if begins else row.tries + 1
        row.last_at = max(row.last_at, now)
        row.address = client_address or None
        row.save()
        if begins:
            audit.record(
                now=now, actor=audit.HUB, action="sign_in_spraying", subject_kind="sign_in_alarm",
                subject_id=row.pk, data={"everywhere": source is None},
            )  # fmt: skip
    if begins:  # of where, only the admin's page knows
        log.error("sign_in_spraying", everywhere=source is None, alarm=str(row.pk))


def look_everywhere(*, now: datetime) -> None:
    """After a wrong password: raise the alarm if more names have failed lately than people err."""
    failing = SignInBudget.objects.filter(
        reserved__gt=0, window_started_at__gt=now - settings.SIGN_IN_WINDOW
    )
    most = settings.SIGN_IN_ALARM_NAMES
    if failing[: most + 1].count() > most:
        alarm(client_address="", now=now)


def alarms_on(*, now: datetime) -> int:
    """How many sources are beyond the limit, and have gone on within the window."""
    return SignInAlarm.objects.filter(last_at__gt=now - settings.SIGN_IN_WINDOW).count()


def purge(*, now: datetime) -> int:
    """Delete what counts no more; returns how many rows."""
    over = now - 2 * settings.SIGN_IN_WINDOW
    sources = SignInSource.objects.filter(tried_at__lt=over).delete()[0]
    return sources + SignInAlarm.objects.filter(last_at__lt=now - timedelta(days=90)).delete()[0]
