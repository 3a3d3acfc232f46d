"""The project itself, as an app: commands, checks and the Celery application."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Wiring on top of the apps."""

    name = "hub"

    def ready(self) -> None:
        """Make the Celery application current, so that every process rings the right broker."""
        from hub import celery  # noqa: F401  # only once the settings are there
