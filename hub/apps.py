"""The project itself, as an app: commands, checks and the Celery application."""

from django.apps import AppConfig, apps


class HubConfig(AppConfig):
    """Wiring on top of the apps."""

    name = "hub"

    def ready(self) -> None:
        """Register the checks; make the Celery application current, so that all ring one broker."""
        from django.db.models.signals import post_migrate

        # Of an app without tables there is no such signal; by this one all are migrated.
        post_migrate.connect(reapply_erasures, sender=apps.get_app_config("notifications"))
        from hub import celery, checks  # noqa: F401  # only once the settings are there


def reapply_erasures(**_: object) -> None:
    """A restored database is migrated before it serves: then later erasures are carried out."""
    from hub import privacy
    from hub.lib import clock

    privacy.reapply(now=clock.now())
