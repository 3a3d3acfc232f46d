"""Which Firebase project a push address is of, as the app says it."""

from typing import Any

from django.conf import settings

from accounts.api import bodies


class PushProject(bodies.Line):
    """The id of the app's Firebase project; where the hub has several, it must be one of them."""

    default_error_messages = {"unknown_project": "The hub does not push to this Firebase project."}

    def __init__(self, **options: Any) -> None:
        text = "The app's Firebase project (its `project_id`). Left out: the hub's default project."
        super().__init__(**{"max_length": 64, "allow_blank": True, "help_text": text, **options})

    def to_internal_value(self, data: object) -> str:
        """The project, as it is named in FCM_CREDENTIALS_FILE."""
        project = super().to_internal_value(data)
        names = settings.FCM_PROJECTS
        if project and "" not in names and project not in names:
            self.fail("unknown_project")
        return project
