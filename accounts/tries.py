"""Tries to sign in: reserved before the directory is asked, given back if they did no harm.

A name has one budget of SIGN_IN_TRIES failed tries for all roads together, below the directory's
lock-out threshold. The last SIGN_IN_TRIES_KEPT of them are kept for known devices: a stranger who
uses up the rest keeps nobody off their own phone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Lower

from accounts import devices, refusals, spraying
from accounts.directory import credentials
from accounts.models import Device, SignInBudget
from hub.lib import keys, logging

log = logging.get(__name__)

# One statement, so that no two processes see the same last try. The window begins anew with
# each try, and is over only after a quiet one: counted from the first try, the last ones of a
# window and the first ones of the next would together exceed the directory's threshold.
_RESERVE = """
    INSERT INTO accounts_signinbudget AS budget (name_index, window_started_at, reserved, by_known)
    VALUES (%(name)s, %(now)s, 1, %(known)s)
    ON CONFLICT (name_index) DO UPDATE SET
        reserved = CASE WHEN budget.window_started_at <= %(over)s THEN 1
                        ELSE budget.reserved + 1 END,
        by_known = CASE WHEN budget.window_started_at <= %(over)s THEN 0
                        ELSE budget.by_known END + EXCLUDED.by_known,
        window_started_at = GREATEST(budget.window_started_at, EXCLUDED.window_started_at)
    WHERE budget.window_started_at <= %(over)s OR (budget.reserved < %(tries)s
        AND (%(known)s = 1 OR budget.reserved - budget.by_known < %(strangers)s))
"""
_GIVE_BACK = """
    UPDATE accounts_signinbudget
    SET reserved = reserved - 1, by_known = GREATEST(by_known - %s, 0)
    WHERE name_index = %s AND reserved > 0
"""
# Sessions that ended by these say nothing against the phone; a revoked or copied one does.
_HARMLESS = (
    "", Device.ClosedReason.LOGOUT, Device.ClosedReason.REPLACED, Device.ClosedReason.EXPIRED,
    Device.ClosedReason.ACCOUNT_DISABLED, Device.ClosedReason.UNREGISTERED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Try:
    """One reserved try."""

    name: bytes
    source: bytes | None  # None: not counted, as for a known device
    known: bool
    first: bool  # of this name from that source


def reserve(*, user_name: str, installation: str | None, client_address: str, now: datetime) -> Try:
    """Reserve a try for this name, committed when it returns.

    `installation` is what the app says it is; None where there is none. Raises TooManyAttempts if
    the name's tries, or the address's names, are used up.
    """
    name = keys.ring().blind_index(credentials.name_key(user_name), purpose="sign-in-name")
    known = installation is not None and _is_known(user_name, installation)
    source = None if known else spraying.source_of(client_address)
    try:
        # durable: committed before the directory is asked, or a crash would forget the try.
        with transaction.atomic(durable=True):
            _reserve(name, known=known, now=now)
            first = source is not None and spraying.count(source=source, name=name, now=now)
    except spraying.TooManyNames:
        spraying.alarm(client_address=client_address, source=source, now=now)
        raise
    return Try(name, source, known, first)


def give_back(taken: Try, *, proved: bool) -> None:
    """The try added no failure at the directory; `proved`: since the password was right."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [int(taken.known), taken.name])
        if taken.source is not None and (proved or taken.first):
            spraying.forget(source=taken.source, name=taken.name)


def _reserve(name: bytes, *, known: bool, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE,
            {
                "name": name,
                "now": now,
                "known": int(known),
                "over": now - settings.SIGN_IN_WINDOW,
                "tries": settings.SIGN_IN_TRIES,
                "strangers": settings.SIGN_IN_TRIES - settings.SIGN_IN_TRIES_KEPT,
            },
        )
        if cursor.rowcount == 1:
            return
    log.warning("sign_in_budget_used_up", known_device=known)
    since = SignInBudget.objects.values_list("window_started_at", flat=True).get(pk=name)
    wait = max(since + settings.SIGN_IN_WINDOW - now, timedelta(seconds=1))
    raise refusals.TooManyAttempts(retry_after_seconds=int(wait.total_seconds()))


def _is_known(user_name: str, installation: str) -> bool:
    """Whether somebody of this name has signed in on this installation before."""
    rows = (
        Device.objects.alias(spelling=Lower("employee__user_name"))
        .filter(
            spelling=user_name.lower(),
            installation_index=devices.installation_index(installation),
        )
        .order_by("-created_at")
        .values_list("employee__user_name", "closed_reason")
    )
    for spelt, closed_reason in rows[:1]:
        same = credentials.name_key(spelt) == credentials.name_key(user_name)
        return same and closed_reason in _HARMLESS
    return False
