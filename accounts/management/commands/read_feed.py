"""Read the employee database's feed once, now; a line for each bad row, then one of result."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import feed
from hub.lib import clock


class Command(BaseCommand):
    """`manage.py read_feed [--allow-absent]`; exit code 1 unless it was taken over."""

    help = "Take over what the employee database says of people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--allow-absent",
            action="store_true",
            help="forget what was known of those who are no more in the feed, however many",
        )

    def handle(self, **options: Any) -> None:
        if not feed.configured():
            raise CommandError("EMPLOYEE_FEED is not set.")
        try:
            outcome = feed.read(now=clock.now(), allow_absent=options["allow_absent"])
        except feed.Unreadable as error:
            raise CommandError(str(error)) from error
        if outcome.unchanged:
            self.stdout.write("unchanged since the last reading")
            return
        for flaw in outcome.flaws:
            self.stderr.write(f"line {flaw.line}: {flaw.code} {flaw.column}".rstrip())
        if outcome.missing:
            raise CommandError(
                f"{outcome.missing} people are missing, more than may be within a day: nothing was"
                " taken over. If the feed is right, give --allow-absent."
            )
        self.stdout.write(
            f"{outcome.records} people ({outcome.changed} changed, {outcome.gone} gone,"
            f" {len(outcome.flaws)} bad rows)"
        )
