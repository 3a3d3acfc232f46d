"""The notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The story: what was sent, who sees it, who answers, and what became of the answer."""

    name = "notifications"

    def ready(self) -> None:
        """Whoever registers a push address is sent a code as soon as that is committed."""
        from accounts import activation  # the tables are there only now
        from notifications import queues

        activation.RINGS.append(lambda: queues.bell.ring(queues.PUSH))
