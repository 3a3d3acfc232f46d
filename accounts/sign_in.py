"""Signing in: a bounded number of tries against the directory, then a session.

The order is: reserve a try, commit, ask the directory, give the try back if it did no harm,
and only then write. No password is kept, logged, or held longer than the one call.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.views.decorators.debug import sensitive_variables

from accounts import audit, devices, people, refusals, sessions, tokens
from accounts.devices import Claim as DeviceClaim
from accounts.directory import credentials, port
from accounts.directory import refusals as directory_refusals
from accounts.models import Employee, SignInBudget
from hub.lib import keys, logging

__all__ = ["DeviceClaim", "SignedIn", "sign_in"]
log = logging.get(__name__)

# One statement, so that no two processes see the same last try. The window begins anew with
# each try, and is over only after a quiet one: counted from the first try, the last ones of a
# window and the first ones of the next would together exceed the directory's threshold.
_RESERVE = """
    INSERT INTO accounts_signinbudget AS budget (name_index, window_started_at, reserved)
    VALUES (%(name)s, %(now)s, 1)
    ON CONFLICT (name_index) DO UPDATE SET
        reserved = CASE WHEN budget.window_started_at <= %(over)s THEN 1
                        ELSE budget.reserved + 1 END,
        window_started_at = GREATEST(budget.window_started_at, EXCLUDED.window_started_at)
    WHERE budget.window_started_at <= %(over)s OR budget.reserved < %(tries)s
"""


@dataclass(frozen=True)
class SignedIn:
    """Who has signed in, with the tokens of the new session."""

    employee: Employee
    session: devices.Session
    pair: tokens.Pair = field(repr=False)


@sensitive_variables("password", "user_name")
def sign_in(
    *,
    directory: port.Directory,
    user_name: str,
    password: str,
    device: DeviceClaim,
    client_address: str,
    now: datetime,
) -> SignedIn:
    """Open a session for whoever this name and password belong to.

    Raises TooManyAttempts before the directory is asked, if the name's tries are used up; every
    refusal of `port.Directory.authenticate`; NotAnEmployee; Invalid if the device's key is another
    employee's.
    """
    if not credentials.name_is_possible(user_name):
        raise directory_refusals.InvalidCredentials
    if not credentials.password_is_possible(password):
        raise directory_refusals.InvalidCredentials
    name = keys.ring().blind_index(credentials.name_key(user_name), purpose="sign-in-name")
    _reserve(name, now=now)
    try:
        person = directory.authenticate(user_name=user_name, password=password)
    except directory_refusals.InvalidCredentials:
        log.info("sign_in_refused")  # of whom, only the budget's keyed hash knows
        raise
    except (
        directory_refusals.PasswordExpired,
        directory_refusals.PasswordMustChange,
        directory_refusals.AccountDisabled,
        directory_refusals.SignInRestricted,
        directory_refusals.NotAdmitted,  # in all of these the password was right
        directory_refusals.DirectoryUnavailable,
    ):
        _give_back(name)
        raise
    _give_back(name)
    employee = people.upsert(person=person, now=now)
    with transaction.atomic():
        opened = sessions.open_session(
            employee_id=employee.pk, claim=device, client_address=client_address, now=now
        )
        audit.record(
            now=now,
            actor=audit.Actor("employee", str(employee.pk)),
            action="signed_in",
            subject_kind="device",
            subject_id=opened.device_id,
            data={
                "platform": device.platform,
                "key": None if device.key is None else device.key.thumbprint,
            },
        )
    session = devices.Session(device_id=opened.device_id, employee_id=employee.pk)
    return SignedIn(employee=employee, session=session, pair=opened.pair)


def _reserve(name: bytes, *, now: datetime) -> None:
    # durable: committed before the directory is asked, or a crash would forget the try.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _RESERVE,
            {
                "name": name,
                "now": now,
                "over": now - settings.SIGN_IN_WINDOW,
                "tries": settings.SIGN_IN_TRIES,
            },
        )
        reserved = cursor.rowcount == 1
    if not reserved:
        log.warning("sign_in_budget_used_up")
        since = SignInBudget.objects.values_list("window_started_at", flat=True).get(pk=name)
        wait = max(since + settings.SIGN_IN_WINDOW - now, timedelta(seconds=1))
        raise refusals.TooManyAttempts(retry_after_seconds=int(wait.total_seconds()))


def _give_back(name: bytes) -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_signinbudget SET reserved = reserved - 1"
            " WHERE name_index = %s AND reserved > 0",
            [name],
        )
