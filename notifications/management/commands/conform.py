"""Examine a sub-system's callback endpoint: does it take the good and refuse the bad?"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import callback_endpoints, subsystems
from accounts.models import Subsystem
from hub.lib import errors, http
from notifications.callbacks import conformance


class Command(BaseCommand):
    """`manage.py conform KEY [--strict]`."""

    help = (
        "Send a sub-system's endpoint good, repeated, late, badly signed and unordered callbacks"
        " of mode test, and say what it does wrong. Exit code 1 if it does anything wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose endpoint."""
        parser.add_argument("subsystem", metavar="KEY")
        parser.add_argument(
            "--strict", action="store_true", help="a 2xx must repeat the event's id"
        )

    def handle(self, **options: Any) -> None:
        try:
            subsystem = Subsystem.objects.get(pk=subsystems.id_of(key=options["subsystem"]))
        except errors.NotFound as refusal:
            raise CommandError(refusal.detail) from refusal
        secrets = subsystems.live_callback_secrets(subsystem_id=subsystem.pk)
        if not subsystem.callback_url or not secrets:
            raise CommandError("It has no callback address, or no secret to sign with.")
        guard = callback_endpoints.guard_of(endpoint=callback_endpoints.of(subsystem=subsystem))

        def post(body: bytes, headers: Any) -> http.Reply:
            return http.post(
                url=subsystem.callback_url,
                body=body,
                headers=headers,
                guard=guard,
                total_timeout=settings.CALLBACK_TOTAL_TIMEOUT,
                ca_file=settings.CALLBACK_CA_FILE or None,
            )

        examiner = conformance.Examiner(post=post, secrets=secrets, strict=options["strict"])
        findings = examiner.run()
        for finding in findings:
            self.stdout.write(f"{'WRONG' if finding.wrong else 'right'}  {finding.check}")
            if finding.wrong:
                self.stdout.write(f"       {finding.wrong}")
        wrong = sum(bool(finding.wrong) for finding in findings)
        if wrong:
            raise CommandError(f"{wrong} of {len(findings)} checks failed.")
        self.stdout.write(f"All {len(findings)} checks passed.")
