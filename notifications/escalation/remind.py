"""Ringing once more for those who have not answered, batch by batch."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from notifications import calendars, errands
from notifications.escalation import prompts, unanswered
from notifications.models import Errand, Notification, Prompt

# The mark on the copy is what the push looks for: between the first and the last of a batch lie
# others, who have answered, or who are asleep. It also tells their phones' feeds.
MARK = """
WITH batch AS MATERIALIZED ({copies})
UPDATE notifications_recipient copy
   SET prompted = %s, changed_in = pg_current_xact_id()
  FROM batch
 WHERE copy.notification_id = %s AND copy.employee_id = batch.employee_id
RETURNING copy.employee_id
"""


def run(
    notification: Notification, *, prompt: Prompt, book: calendars.Book, now: datetime
) -> prompts.Pass:
    """Remind the next batch of those who are at work now, and have not been in this round."""
    left = unanswered.copies(notification).filter(prompted__lt=prompt.round)
    clocks = left.order_by().values_list("employee__time_zone", "employee__geo").distinct()
    shift = unanswered.shift(clocks, notification=notification, book=book, now=now)
    if not shift.clocks:
        return prompts.Pass(later=shift.later)
    batch = left.filter(shift.at_work("employee__")).order_by("employee_id")
    sql, parameters = batch.values("employee_id")[: settings.FAN_OUT_BATCH].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(MARK.format(copies=sql), [*parameters, prompt.round, notification.id])
        reached = sorted(row[0] for row in cursor.fetchall())
    if reached:
        errands.add(
            kind=Errand.Kind.PUSH,
            notification=notification,
            purpose=prompts.purpose(prompt),
            size=len(reached),
            employees=(reached[0], reached[-1]),
            due_at=now,
            now=now,
        )
    more = len(reached) >= settings.FAN_OUT_BATCH
    return prompts.Pass(reached=len(reached), more=more, later=shift.later)
