"""Signing in: a bounded number of tries against the directory, then a session.

The order is: reserve a try, commit, ask the directory, give the try back if it did no harm,
and only then write. No password is kept, logged, or held longer than the one call.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts import audit, devices, people, sessions, spraying, tokens, tries
from accounts.devices import Claim as DeviceClaim
from accounts.directory import credentials, port
from accounts.directory import refusals as directory_refusals
from accounts.models import Employee
from hub.lib import logging

__all__ = ["DeviceClaim", "SignedIn", "sign_in"]
log = logging.get(__name__)


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
    person = prove(
        directory=directory,
        user_name=user_name,
        password=password,
        installation=device.installation,
        client_address=client_address,
        now=now,
    )
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


@sensitive_variables("password", "user_name")
def prove(
    *,
    directory: port.Directory,
    user_name: str,
    password: str,
    installation: str | None,
    client_address: str,
    now: datetime,
) -> port.Person:
    """Whose name and password these are, by the directory's word; no session, nothing written.

    Every road that takes a password comes by here, so that their tries count together. Raises as
    `sign_in` does, but for what follows the password.
    """
    if not credentials.name_is_possible(user_name):
        raise directory_refusals.InvalidCredentials
    if not credentials.password_is_possible(password):
        raise directory_refusals.InvalidCredentials
    began = time.monotonic()
    taken = tries.reserve(
        user_name=user_name, installation=installation, client_address=client_address, now=now
    )
    try:
        person = directory.authenticate(user_name=user_name, password=password)
    except directory_refusals.InvalidCredentials:
        log.info("sign_in_refused")  # of whom, only the budget's keyed hash knows
        spraying.look_everywhere(now=now)
        _wait_out(began)
        raise
    except directory_refusals.DirectoryUnavailable as error:
        if not error.may_have_counted:
            tries.give_back(taken, proved=False)
        raise
    except (
        directory_refusals.PasswordExpired,
        directory_refusals.PasswordMustChange,
        directory_refusals.AccountDisabled,
        directory_refusals.SignInRestricted,
        directory_refusals.NotAdmitted,  # in all of these the password was right
    ):
        tries.give_back(taken, proved=True)
        raise
    tries.give_back(taken, proved=True)
    return person


def _wait_out(began: float) -> None:
    """Until a whole number of steps has passed since it began.

    A directory takes longer for a name that it has (it writes down the failure) than for another:
    without this, tens of milliseconds tell the one from the other.
    """
    step = settings.SIGN_IN_REFUSED_AFTER_MS / 1000
    if step:
        time.sleep((began - time.monotonic()) % step)
