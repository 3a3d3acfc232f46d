"""Check what the missing foreign keys would have guaranteed; one line, exit code 1 if it drifts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications import drift


class Command(BaseCommand):
    """`manage.py check_drift`."""

    help = "Look for recipients, deliveries and errands that name what is not there."

    def handle(self, **_: Any) -> None:
        found = drift.check()
        looked_at = ", ".join(str(one) for one in found)
        if any(one.without for one in found):
            raise CommandError(f"drift: {looked_at}")
        self.stdout.write(f"drift: none in {looked_at}")
