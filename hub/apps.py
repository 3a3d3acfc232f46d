"""The project itself, as an app: commands, checks and the Celery application."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Wiring on top of the apps."""

    name = "hub"

    def ready(self) -> None:
        """Register the checks; make the Celery application current, so that all ring one broker."""
        from hub import celery, checks  # noqa: F401  # only once the settings are there
