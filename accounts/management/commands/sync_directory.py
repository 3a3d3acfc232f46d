"""Follow the directory once, now; one line of result."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import sync
from accounts.directory import choose, refusals
from hub.lib import clock


class Command(BaseCommand):
    """`manage.py sync_directory [--complete] [--allow-absent]`; exit code 1 unless all is well."""

    help = "Bring employees, managers and groups up to date with the directory."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--complete", action="store_true", help="read everybody, not only what changed"
        )
        parser.add_argument(
            "--allow-absent",
            action="store_true",
            help="disable those who are missing, however many: look who they are first",
        )

    def handle(self, **options: Any) -> None:
        try:
            summary = sync.run(
                directory=choose.configured(),
                now=clock.now(),
                complete=options["complete"],
                allow_absent=options["allow_absent"],
            )
        except refusals.DirectoryUnavailable as error:
            raise CommandError("The directory does not answer; what came is kept.") from error
        if summary is None:
            raise CommandError("Another run is at it; try again in a minute.")
        self.stdout.write(str(summary))
        if summary.stopped:
            raise CommandError(
                f"{summary.missing} people are missing, more than may be within a day: none was"
                " disabled. Check LDAP_BASE_DN, the service account's rights and"
                " DIRECTORY_REQUIRED_GROUP; if they have left indeed, give --allow-absent."
            )
