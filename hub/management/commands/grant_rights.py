"""Let a role of PostgreSQL do what web and workers do, and no more; one line of result."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from hub import rights


class Command(BaseCommand):
    """`manage.py grant_rights ROLE`, as the owner of the tables, after each migration."""

    help = "Grant a role the rights of web and workers: the audit log it may read and append to."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("role")

    def handle(self, *, role: str, **_: Any) -> None:
        try:
            with transaction.atomic():
                count = rights.grant(role)
        except ProgrammingError as error:
            raise CommandError(f"{role}: {str(error).splitlines()[0]}") from error
        self.stdout.write(f"rights: {role} may work on {count} tables")
