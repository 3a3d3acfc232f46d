"""Push nothing to anybody from now on; one line of result."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import audit
from hub.lib import clock
from notifications import switches


class Command(BaseCommand):
    """`manage.py pause_pushes`."""

    help = "Stop all pushes within seconds. Nothing is lost: resume_pushes sends what has waited."

    def handle(self, **_: Any) -> None:
        switches.pause_pushes(actor=audit.Actor("hub", "command"), now=clock.now())
        self.stdout.write(
            f"pushes: paused since {switches.pushes_paused_at():%Y-%m-%d %H:%M:%S} UTC,"
            f" {switches.waiting_pushes()} batches wait"
        )
