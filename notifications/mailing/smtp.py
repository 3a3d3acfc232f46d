"""E-mail by Django's mail framework, over SMTP."""

import smtplib
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers

from hub.lib import logging
from notifications.mailing.gateway import Letter
from notifications.push import rate
from notifications.push.gateway import Fate, Outcome

log = logging.get(__name__)

# Of one call: what is left then is tried again, well before the task's own end.
SECONDS_AT_MOST = 10.0
FIRST_WAIT = timedelta(seconds=30)
CLOSED_WAIT = timedelta(seconds=60)
_TRANSIENT, _PERMANENT = 400, 500


class SmtpGateway:
    """One mail server; a connection for each call."""

    def __init__(self, *, sender: str, limit: rate.Limit) -> None:
        self._sender, self._limit = sender, limit

    def admit(self, count: int) -> timedelta:
        """By a bucket that all workers share."""
        return rate.reserve(self._limit, count=count, longest=timedelta(0))

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Send them one after the other over one connection. Never raises."""
        if not letters:
            return []
        connection: Any = mailers.default
        try:
            connection.open()
        except Exception as error:  # noqa: BLE001  # sockets, TLS, SMTP: all of it is ours
            log.error("mail_server_unreachable", error=type(error).__name__)
            return [_ours("connection")] * len(letters)
        ends_at, outcomes = time.monotonic() + SECONDS_AT_MOST, list[Outcome]()
        try:
            for letter in letters:
                if time.monotonic() > ends_at:
                    outcomes.append(_later("time"))
                elif outcomes and outcomes[-1].stop_lane:
                    outcomes.append(outcomes[-1])
                else:
                    outcomes.append(self._one(connection, letter))
        finally:
            try:
                connection.close()
            except Exception as error:  # noqa: BLE001  # everything is sent by now
                log.warning("mail_server_left", error=type(error).__name__)
        return outcomes

    def _one(self, connection: Any, letter: Letter) -> Outcome:
        try:
            connection.send_messages([message(letter, sender=self._sender)])
        except smtplib.SMTPRecipientsRefused as error:
            [(code, _)] = error.recipients.values()
            return _by_code(code, "recipient")
        except smtplib.SMTPSenderRefused as error:
            refusal = _by_code(error.smtp_code, "sender")
            return refusal if refusal.fate is Fate.LATER else _ours("sender")
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, "refused")
        except ValueError:  # an address or a header that is none, from the directory
            return Outcome(Fate.GONE, reason="bad_address")
        except (smtplib.SMTPException, OSError) as error:
            log.error("mail_server_lost", error=type(error).__name__)
            return _ours("connection")
        return Outcome(Fate.SENT)


def message(letter: Letter, *, sender: str) -> EmailMultiAlternatives:
    """The letter as Django's message. Raises ValueError for an address that is none."""
    made = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),  # whatever ends a line would end the header
        body=letter.text,
        from_email=sender,
        to=[letter.to],
        headers={
            "Message-ID": letter.message_id,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no absence note comes back
            "X-Auto-Response-Suppress": "All",
            "Content-Language": letter.language,
            **letter.headers,
        },
    )
    made.attach_alternative(letter.html, "text/html")
    return made


def _by_code(code: int, reason: str) -> Outcome:
    """By the reply's first digit; anything that is no reply at all is a broken connection."""
    if _TRANSIENT <= code < _PERMANENT:
        return _later(f"{reason}_{code}")
    if code >= _PERMANENT:
        return Outcome(Fate.GONE, reason=f"{reason}_{code}")
    return _ours("connection")


def _later(reason: str) -> Outcome:
    return Outcome(Fate.LATER, reason=reason, retry_after=FIRST_WAIT)


def _ours(reason: str) -> Outcome:
    return Outcome(Fate.OURS, reason=reason, retry_after=CLOSED_WAIT, stop_lane=True)


def gateway_from_settings() -> SmtpGateway:
    """The mail server that the settings name."""
    return SmtpGateway(
        sender=settings.MAIL_FROM,
        limit=rate.Limit("smtp:", settings.MAIL_PER_MINUTE, settings.REDIS_URL),
    )
