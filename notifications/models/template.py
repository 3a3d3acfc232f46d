"""How a sub-system words a kind of notification, in several languages."""

from django.db import models

from hub.lib import ids
from hub.lib.personal import Personal


class Template(models.Model):
    """One edition of a template: never changed, so that what was sent goes on reading the same.

    The newest one of a key counts for what is sent from now on. A text is ICU's MessageFormat.
    Personal data: none; it comes with the notification, as data.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    category = models.ForeignKey("notifications.Category", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=64)
    takes = models.JSONField()  # {"amount": "money", "count": "number", …}
    texts = models.JSONField()  # {"en": {"title": …, "summary": …, "body": …}, "de-AT": …}
    default_language = models.CharField(max_length=35)
    created_at = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"key", "takes", "texts", "default_language"})

    class Meta:
        indexes = [
            # The newest edition: asked when a notification names a template.
            models.Index(fields=["category", "key", "-id"], name="template_newest")
        ]

    def __str__(self) -> str:
        return self.key
