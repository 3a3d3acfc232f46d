"""What a push needs to know of its notification, without the weight of the whole row."""

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.db import connection

from notifications import editions
from notifications.models.notification import Edition

# The words of a restricted notification never reach a push, so they are not even opened.
SUBJECTS = """
SELECT notification.id, notification.state, notification.mode, notification.kind,
       notification.version, notification.sensitivity, notification.expires_at,
       notification.collapse_key, category.key, sender.name,
       coalesce(notification.content ->> 'title', ''),
       coalesce(notification.content ->> 'summary', ''),
       CASE WHEN notification.kind = 'notice' AND NOT category.essential THEN category.id END,
       (notification.content -> 'template')::text
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
    template: str | None = field(default=None, repr=False)  # by which it is worded, as JSON

    @property
    def edition(self) -> Edition | None:
        """By which template's edition it is worded, and from which data."""
        return cast(Edition, json.loads(self.template)) if self.template else None

    def said(self, language: str) -> tuple[str, str]:
        """The sender's title and summary, for who reads this language."""
        if self.template is None:
            return self.title, self.summary
        words = editions.words(self.edition, language=language)
        return (self.title, self.summary) if words is None else (words["title"], words["summary"])


def of(notification_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Subject]:
    """The notifications that exist, by id."""
    with connection.cursor() as cursor:
        cursor.execute(SUBJECTS, [" ".join(map(str, notification_ids))])
        return {row[0]: Subject(*row) for row in cursor.fetchall()}
