"""Put the holidays of a file into a geo's working calendar; one line of result."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from hub.lib import clock, holidays
from notifications import calendars


class Command(BaseCommand):
    """`manage.py import_holidays DE holidays.ics`."""

    help = (
        "Add the holidays of an iCalendar or CSV file (2026-12-25,Christmas) to a geo's calendar."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("geo", help='as the directory has it; "" is the default calendar')
        parser.add_argument("file", type=Path)

    def handle(self, *, geo: str, file: Path, **_: Any) -> None:
        try:
            found = holidays.parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file}: {error}") from error
        new = calendars.import_holidays(
            geo=geo, holidays=found, actor=audit.Actor("hub", "command"), now=clock.now()
        )
        self.stdout.write(
            f"{geo or 'default'}: {len(found)} holidays from {min(found)} to {max(found)},"
            f" {new} new"
        )
