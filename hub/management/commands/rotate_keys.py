"""Seal everything with the first of HUB_ENCRYPTION_KEYS; one line of result."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub import rotation
from hub.lib import keys


class Command(BaseCommand):
    """`manage.py rotate_keys`; with `--verbosity 2` a line for each batch."""

    help = (
        "Seal every value anew that an older encryption key sealed, while the hub runs. Exit code 1"
        " if a value cannot be opened with any key of HUB_ENCRYPTION_KEYS."
    )

    def handle(self, *, verbosity: int, **_: Any) -> None:
        rotated = unreadable = 0
        for column in rotation.columns():
            said = None
            for said in rotation.rotate(column):
                if verbosity > 1:
                    self.stdout.write(f"  {said.column}: {said.looked_at} looked at")
            if said is not None:
                rotated, unreadable = rotated + said.rotated, unreadable + said.unreadable
                if said.unreadable:
                    self.stderr.write(f"  {said.column}: {said.unreadable} cannot be opened")
        result = f"keys: {rotated} values sealed anew with {keys.ring().current_key_id}"
        if unreadable:
            raise CommandError(f"{result}; {unreadable} cannot be opened: an older key is missing.")
        self.stdout.write(f"{result}; no other key is in use any more")
