"""Erase again whom a restored backup has brought back."""

from typing import Any

from django.core.management.base import BaseCommand

from hub import privacy
from hub.lib import clock


class Command(BaseCommand):
    """`manage.py reapply_erasures`."""

    help = "Erase again whoever the erasure journal names; `migrate` does the same."

    def handle(self, **_: Any) -> None:
        self.stdout.write(f"erased again: {privacy.reapply(now=clock.now())}")
