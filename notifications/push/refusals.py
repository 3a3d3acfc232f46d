"""The push to who decided something that the sub-system then refused."""

from datetime import datetime

from notifications.models import Decision
from notifications.phrases import Phrases
from notifications.push import wording
from notifications.push.gateway import Wording
from notifications.push.subjects import Subject


def worded(subject: Subject, *, platform: str, phrases: Phrases, now: datetime) -> Wording:
    """What may be said; the sub-system's sentence leaves the building only if public."""
    said = Decision.objects.filter(notification_id=subject.id).values_list("outcome_message")
    sentence = said.first()
    return wording.refused(
        notification_id=str(subject.id),
        version=subject.version,
        category=subject.category,
        subsystem_name=subject.sender,
        sensitivity=subject.sensitivity,
        title=subject.title,
        sentence=sentence[0] if sentence else "",
        platform=platform,
        now=now,
        phrases=phrases,
    )
