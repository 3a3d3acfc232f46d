"""Looking for words in one's own copies: accents and case folded, each word anywhere in the text.

There is no index over all texts. The reader's own copies are found by the inbox's index, newest
first, and LOOKED_THROUGH of them at most are read for a page: what a search costs depends neither
on how much others have received nor on how much the reader has, nothing is paid when a notification
is accepted, and what is sealed is looked through as well. See docs/adr/0022-snooze-and-search.md,
with the figures.
"""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from notifications.models import Notification

LOOKED_THROUGH = 2000  # copies a page
CHUNKS = (200, 600, 1200)  # of them: what is common is found soon, what is rare late
WORDS_AT_MOST = 8

assert sum(CHUNKS) == LOOKED_THROUGH

SAID = """
SELECT notification.id, subsystem.name, category.name, sealed_content,
       concat_ws(chr(10), content ->> 'title', content ->> 'summary', content ->> 'body',
           jsonb_path_query_array(content, '$.facts[*].label')::text,
           jsonb_path_query_array(content, '$.facts[*].value')::text)
  FROM unnest(%(ids)s::uuid[]) AS given (id)
 CROSS JOIN LATERAL (
    SELECT * FROM notifications_notification WHERE id = given.id OFFSET 0) AS notification
  JOIN accounts_subsystem subsystem ON subsystem.id = notification.subsystem_id
  JOIN notifications_category category ON category.id = notification.category_id
"""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_SEALED: Any = Notification._meta.get_field("sealed_content")


def matching(ids: Sequence[uuid.UUID], *, text: str) -> set[uuid.UUID]:
    """Those of the notifications in which every word of `text` stands, WORDS_AT_MOST of them."""
    words = folded(text).split()[:WORDS_AT_MOST]
    with connection.cursor() as cursor:
        cursor.execute(SAID, {"ids": list(ids)})
        rows = cursor.fetchall()
    found = set()
    for id_, *names, sealed, said in rows:
        whole = said if sealed is None else _told(_SEALED.open(bytes(sealed), row=id_))
        page = folded("\n".join([*names, whole]))
        if all(word in page for word in words):
            found.add(id_)
    return found


def folded(text: str) -> str:
    """A text without case, accents and the like, the same for what is looked for."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold()


def _told(card: dict[str, Any]) -> str:
    """The same text of a card that was sealed."""
    facts = [str(fact[part]) for fact in card["facts"] for part in ("label", "value")]
    return "\n".join([card["title"], card["summary"], card["body"], *facts])
