"""Who of the people of an errand is written to, set by set; rerunnable after any crash."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from notifications import digests, quiet
from notifications.models import Errand, Mail
from notifications.push.subjects import Subject

# To who has no phone at once, to the others when they have not looked for a while. An optional
# one is refused by category or for the whole channel, and then the record says so.
CHOOSE = """
INSERT INTO notifications_mail (id, employee_id, notification_id, version, purpose, state, reason,
    attempts, created_at)
SELECT gen_random_uuid(), person.id, %(notification)s, %(version)s, %(purpose)s,
       CASE WHEN refused.why IS NULL THEN 'queued' ELSE 'suppressed' END,
       coalesce(refused.why, ''), 0, %(now)s
  FROM notifications_recipient copy
  JOIN accounts_employee person ON person.id = copy.employee_id
  LEFT JOIN notifications_preference chosen ON chosen.employee_id = person.id
 CROSS JOIN LATERAL (
    SELECT CASE
        WHEN %(optional)s::uuid IS NOT NULL AND EXISTS (
            SELECT 1 FROM notifications_optout
             WHERE category_id = %(optional)s AND employee_id = person.id) THEN 'opted_out'
        WHEN NOT coalesce(chosen.mail, true)
         AND (%(optional)s::uuid IS NOT NULL OR %(purpose)s = 'fallback') THEN 'channel_off'
        WHEN person.id = ANY (%(gathered)s::uuid[]) THEN 'digest'
        END AS why) refused
 WHERE copy.notification_id = %(notification)s
   AND copy.employee_id BETWEEN %(first)s AND %(last)s
   AND (%(moment)s::timestamptz IS NULL OR copy.arrived_at = %(moment)s)
   AND NOT copy.by_delegation AND copy.seen_at IS NULL AND copy.read_at IS NULL
   AND copy.responded_at IS NULL AND copy.acknowledged_at IS NULL
   AND person.disabled_at IS NULL AND person.mail <> '' AND person.id <> ALL (%(silent)s::uuid[])
   AND (%(purpose)s = 'fallback' OR NOT EXISTS (
        SELECT 1 FROM accounts_device device
         WHERE device.employee_id = person.id AND device.push_address_index IS NOT NULL))
    ON CONFLICT (notification_id, employee_id, version) DO NOTHING
RETURNING employee_id::text, reason
"""
QUEUED = """
SELECT mail.id, mail.purpose, person.id, person.mail,
       coalesce(nullif(chosen.language, ''), person.language)
  FROM notifications_mail mail
  JOIN accounts_employee person ON person.id = mail.employee_id AND person.disabled_at IS NULL
  LEFT JOIN notifications_preference chosen ON chosen.employee_id = person.id
 WHERE mail.notification_id = %(notification)s AND mail.version = %(version)s
   AND mail.employee_id BETWEEN %(first)s AND %(last)s AND mail.state = 'queued'
   AND (%(after)s::uuid IS NULL OR mail.employee_id > %(after)s)
   AND person.mail <> '' ORDER BY mail.employee_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Addressee:
    """One e-mail that is to leave. Personal data: whose it is, and where to."""

    mail_id: uuid.UUID
    purpose: str
    employee_id: uuid.UUID
    address: str = field(repr=False)
    language: str


def choose(
    errand: Errand,
    *,
    subject: Subject,
    silent: Collection[str],
    windows: Mapping[str, quiet.Window],
    now: datetime,
) -> None:
    """Queue an e-mail for each of the errand's people who needs one now, but for the `silent`.

    For who has one of the `windows` it is gathered instead.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            CHOOSE,
            {
                **_range(errand, subject),
                "purpose": errand.purpose,
                "optional": subject.optional,
                "moment": errand.moment,
                "silent": sorted(silent),
                "gathered": sorted(windows),
                "now": now,
            },
        )
        chosen = cursor.fetchall() if windows else []
        items = [
            (str(subject.id), employee, subject.version)
            for employee, reason in chosen
            if reason == quiet.DIGEST
        ]
        digests.note(items, windows=windows, now=now)


def queued(
    errand: Errand, *, subject: Subject, after: uuid.UUID | None, limit: int
) -> Sequence[Addressee]:
    """The e-mails of the errand that are still to leave, from the next employee on."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUED, {**_range(errand, subject), "after": after, "limit": limit})
        return [Addressee(*row) for row in cursor.fetchall()]


def cancel(errand: Errand) -> None:
    """Nothing is to be said any more: whatever is queued stays unsent."""
    Mail.objects.filter(
        notification_id=errand.about,
        employee_id__gte=errand.employee_from,
        employee_id__lte=errand.employee_to,
        state=Mail.State.QUEUED,
    ).update(state=Mail.State.CANCELLED)


def _range(errand: Errand, subject: Subject) -> dict[str, Any]:
    return {
        "notification": subject.id,
        "version": subject.version,
        "first": errand.employee_from,
        "last": errand.employee_to,
    }
