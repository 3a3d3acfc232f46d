"""The notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The story: what was sent, who sees it, who answers, and what became of the answer."""

    name = "notifications"
