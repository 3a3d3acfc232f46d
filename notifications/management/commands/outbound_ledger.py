"""What left the premises, to whom and how often, as CSV."""

import csv
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hub.lib import clock
from notifications import outbound


class Command(BaseCommand):
    """`manage.py outbound_ledger --days 30`."""

    help = "Print the outbound ledger as CSV: by notification, recipient outside and purpose."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="of how many days; 30 by default")

    def handle(self, **options: Any) -> None:
        since = clock.now() - timedelta(days=options["days"])
        csv.writer(self.stdout).writerows(outbound.rows(since=since))
