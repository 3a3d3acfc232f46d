"""Tell a sub-system its dead events again."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit
from hub.lib import clock, errors
from notifications.callbacks import replay


class Command(BaseCommand):
    """`manage.py replay_callbacks --subsystem KEY [--since 2026-11-20T00:00:00Z]`."""

    help = "Tell the dead callback events of a sub-system again, under their own ids."

    def add_arguments(self, parser: CommandParser) -> None:
        """Of whom, and since when."""
        parser.add_argument("--subsystem", required=True, metavar="KEY")
        parser.add_argument(
            "--since", type=moment, metavar="TIME", help="created at or after; UTC if not said"
        )

    def handle(self, **options: Any) -> None:
        try:
            count = replay.replay_dead(
                subsystem_key=options["subsystem"],
                since=options["since"],
                actor=audit.HUB,
                now=clock.now(),
            )
        except errors.HubError as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"callbacks: {count} dead events are told again")


def moment(text: str) -> datetime:
    """A time by ISO 8601. Raises ValueError, which argparse tells."""
    said = datetime.fromisoformat(text)
    return said if said.tzinfo else said.replace(tzinfo=UTC)
