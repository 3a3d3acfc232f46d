"""Who is above whom, as the directory has it."""

import uuid

from django.db import connection

from accounts.models import Employee

_ABOVE = """
    WITH RECURSIVE above (id, depth, path) AS (
        SELECT manager_id, 1, ARRAY[id] FROM accounts_employee
         WHERE id = %s AND manager_id IS NOT NULL
        UNION ALL
        SELECT employee.manager_id, above.depth + 1, above.path || employee.id
          FROM above JOIN accounts_employee AS employee ON employee.id = above.id
         WHERE employee.manager_id IS NOT NULL AND above.id <> ALL (above.path)
    )
    SELECT id FROM above WHERE id <> %s AND id <> ALL (path) ORDER BY depth
"""


def above(*, employee_id: uuid.UUID) -> list[Employee]:
    """The employee's manager, that one's manager, and so on: the nearest first.

    In a circle of the directory everybody stands once, and never the employee. Leavers are among
    them: whoever asks decides what to do about one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [employee_id, employee_id])
        chain = [row[0] for row in cursor.fetchall()]
    found = Employee.objects.in_bulk(chain)
    return [found[pk] for pk in chain]
