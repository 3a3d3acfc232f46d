"""Opting out of the hub: everything ends on the server, not only on the phone."""

import uuid
from datetime import datetime

from django.db import connection, transaction

from accounts import audit, people
from accounts.models import KeptOut
from notifications.models import Digest, Mail, OptOut, Preference

# Through their copies: a delivery is found by its notification.
CANCEL = """
UPDATE notifications_delivery delivery SET state = 'cancelled', reason = 'opted_out'
  FROM notifications_recipient copy
 WHERE copy.employee_id = %(employee)s AND delivery.notification_id = copy.notification_id
   AND delivery.employee_id = %(employee)s AND delivery.state = 'queued'
"""


def opt_out(*, employee_id: uuid.UUID, now: datetime) -> None:
    """End every session, push and e-mail of this employee, for good.

    The directory brings them back neither by a synchronisation nor by a sign-in. What they hold of
    open requests passes on within a minute, as a leaver's does (`escalation.leavers`); what they
    answered stays.
    """
    actor = audit.Actor("employee", str(employee_id))
    with transaction.atomic():
        people.keep_out(
            employee_id=employee_id, reason=KeptOut.Reason.OPTED_OUT, actor=actor, now=now
        )
        with connection.cursor() as cursor:
            cursor.execute(CANCEL, {"employee": employee_id})
        Mail.objects.filter(employee_id=employee_id, state=Mail.State.QUEUED).update(
            state=Mail.State.CANCELLED, reason="opted_out"
        )
        Digest.objects.filter(employee_id=employee_id, due_at__isnull=False).delete()
        Preference.objects.filter(pk=employee_id).delete()
        OptOut.objects.filter(employee_id=employee_id).delete()
        audit.record(
            now=now,
            actor=actor,
            action="opted_out_of_the_hub",
            subject_kind="employee",
            subject_id=employee_id,
            data={},
        )
