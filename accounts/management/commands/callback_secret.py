"""Change the secret that a sub-system's callbacks are signed with, in two steps."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit, subsystems
from hub.lib import clock, errors


class Command(BaseCommand):
    """`manage.py callback_secret --subsystem KEY add | retire`."""

    help = (
        "add: a new secret beside the present one, shown once; callbacks carry both signatures."
        " retire: end the older one, once the sub-system checks against the newer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Of whom, and which step."""
        parser.add_argument("--subsystem", required=True, metavar="KEY")
        parser.add_argument("step", choices=["add", "retire"])

    def handle(self, **options: Any) -> None:
        now = clock.now()
        try:
            subsystem_id = subsystems.id_of(key=options["subsystem"])
            if options["step"] == "add":
                secret = subsystems.add_callback_secret(
                    subsystem_id=subsystem_id, actor=audit.HUB, now=now
                )
                self.stdout.write(secret)
            else:
                subsystems.retire_older_secret(subsystem_id=subsystem_id, actor=audit.HUB, now=now)
                self.stdout.write("The older secret signs no more.")
        except errors.HubError as refusal:
            raise CommandError(refusal.detail) from refusal
