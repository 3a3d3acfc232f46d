"""Behind a push that was made comes e-mail: for who has no phone, and for who does not look."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection

from notifications import queues
from notifications.models import Errand

# One statement whatever the batch, in the transaction that ends the pushes.
FOLLOW = """
INSERT INTO notifications_errand (kind, queue, lane, subsystem_id, notification_id, size, purpose,
    employee_from, employee_to, moment, due_at, attempts, last_error, created_at)
SELECT 'mail', 'mail', lane, subsystem_id, notification_id, %(size)s,
       CASE WHEN reached THEN 'fallback' ELSE 'show' END, employee_from, employee_to, moment,
       CASE WHEN reached THEN %(later)s ELSE %(now)s END, 0, '', %(now)s
  FROM (SELECT *, id = ANY (string_to_array(%(reached)s, ' ')::bigint[])
               AND employee_from = employee_to AS reached FROM notifications_errand) push
 WHERE id = ANY (string_to_array(%(pushes)s, ' ')::bigint[])
   AND lease_token = ANY (%(tokens)s::uuid[]) AND purpose = 'show'
"""


def follow(pushes: Sequence[Errand], *, reached: Collection[int], now: datetime) -> None:
    """Write the errands of the e-mails behind these pushes, before they are finished.

    `reached` are those for which there was a phone: of one person's, only the fallback is left.
    Nothing where the hub sends no e-mail, or where the lease of a push was lost.
    """
    if not settings.MAIL_HOST or not pushes:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            FOLLOW,
            {
                "pushes": " ".join(str(errand.id) for errand in pushes),
                "tokens": list({errand.lease_token for errand in pushes}),
                "reached": " ".join(map(str, reached)),
                "size": Errand.HEAVY,
                "later": now + settings.MAIL_FALLBACK_AFTER,
                "now": now,
            },
        )
        if cursor.rowcount:
            queues.wake(queues.MAIL)
