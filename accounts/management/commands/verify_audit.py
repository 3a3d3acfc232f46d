"""Check the audit log's chain; one line of result, exit code 1 if a row is bad."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    """`manage.py verify_audit`."""

    help = "Check the chain over the audit log; names the first bad row and exits with 1."

    def handle(self, **_: Any) -> None:
        verdict = audit.verify()
        if not verdict.intact:
            raise CommandError(
                f"audit log: bad at sequence {verdict.bad_sequence}: {verdict.reason}"
            )
        self.stdout.write(
            f"audit log: intact, {verdict.sealed} sealed, {verdict.unsealed} waiting for the sealer"
        )
