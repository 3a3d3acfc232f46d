"""What a push needs to know of its notification, without the weight of the whole row."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

# The words of a restricted notification never reach a push, so they are not even opened.
SUBJECTS = """
SELECT notification.id, notification.state, notification.mode, notification.kind,
       notification.version, notification.sensitivity, notification.expires_at,
       notification.collapse_key, category.key, sender.name,
       coalesce(notification.content ->> 'title', ''),
       coalesce(notification.content ->> 'summary', ''),
       CASE WHEN notification.kind = 'notice' AND NOT category.essential THEN category.id END
  FROM notifications_notification notification
  JOIN notifications_category category ON category.id = notification.category_id
  JOIN accounts_subsystem sender ON sender.id = notification.subsystem_id
 WHERE notification.id = ANY (string_to_array(%s, ' ')::uuid[])
"""


@dataclass(slots=True)  # not frozen: a drain makes thousands, and that costs four times as much
class Subject:
    """A notification as far as a push is concerned."""

    id: uuid.UUID
    state: str
    mode: str
    kind: str
    version: int
    sensitivity: str
    expires_at: datetime | None
    collapse_key: str
    category: str
    sender: str
    title: str = field(repr=False)
    summary: str = field(repr=False)
    optional: uuid.UUID | None = None  # its category, where people may refuse it


def of(notification_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Subject]:
    """The notifications that exist, by id."""
    with connection.cursor() as cursor:
        cursor.execute(SUBJECTS, [" ".join(map(str, notification_ids))])
        return {row[0]: Subject(*row) for row in cursor.fetchall()}
