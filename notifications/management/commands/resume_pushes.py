"""Push again, beginning with what has waited; one line of result."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import audit
from hub.lib import clock
from notifications import switches


class Command(BaseCommand):
    """`manage.py resume_pushes`."""

    help = "Undo pause_pushes."

    def handle(self, **_: Any) -> None:
        resumed = switches.resume_pushes(actor=audit.Actor("hub", "command"), now=clock.now())
        said = "resumed" if resumed else "were not paused"
        self.stdout.write(f"pushes: {said}, {switches.waiting_pushes()} batches wait")
