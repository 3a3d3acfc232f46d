"""Check the audit log's chain; one line of result, exit code 1 if a row is bad."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import anchors, audit


class Command(BaseCommand):
    """`manage.py verify_audit [--anchors LOG]`."""

    help = "Check the chain over the audit log; names the first bad row and exits with 1."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--anchors",
            type=Path,
            metavar="LOG",
            help="lines of the hub's log: every head that was told there must be in the chain",
        )

    def handle(self, *, anchors: Path | None, **_: Any) -> None:
        told = None if anchors is None else self._anchors(anchors)
        verdict = audit.verify()
        if not verdict.intact:
            raise CommandError(
                f"audit log: bad at sequence {verdict.bad_sequence}: {verdict.reason}"
            )
        result = f"intact, {verdict.sealed} sealed, {verdict.unsealed} waiting for the sealer"
        if told is not None:
            result += f"; {told} anchors are in it"
        self.stdout.write(f"audit log: {result}")

    def _anchors(self, path: Path) -> int:
        try:
            with path.open(encoding="utf-8") as lines:
                told = list(anchors.read(lines))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        missing = anchors.first_missing(told)
        if missing is not None:
            raise CommandError(
                f"audit log: sequence {missing.sequence} is not what was told to the log:"
                " the chain was cut, or made anew"
            )
        return len(told)
