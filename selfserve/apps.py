"""The self-serve app."""

from django.apps import AppConfig


class SelfserveConfig(AppConfig):
    """Modules that the app opens and forms that it renders, on top of the story."""

    name = "selfserve"
    verbose_name = "Self-serve"

    def ready(self) -> None:
        """Tell the story who keeps submissions."""
        from notifications import submissions as told
        from selfserve import submissions

        told.kept_by(submissions.Keeper())
