"""Walk the whole directory once; one line of result."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import sync
from accounts.directory import choose, refusals
from hub.lib import clock


class Command(BaseCommand):
    """`manage.py sync_directory`."""

    help = "Bring employees, managers and groups up to date with the directory."

    def handle(self, **_: Any) -> None:
        try:
            summary = sync.walk(directory=choose.configured(), now=clock.now())
        except refusals.DirectoryUnavailable as error:
            raise CommandError("The directory does not answer; what came is kept.") from error
        self.stdout.write(
            f"{summary.people} people ({summary.skipped} without an id of their own,"
            f" {summary.disabled} disabled, {summary.enabled} enabled again,"
            f" {summary.absent} absent), {summary.managers} managers changed,"
            f" {summary.groups} groups"
        )
