"""`manage.py verify_receipt FILE [--keys FILE]`: whether decision receipts hold; asks nobody."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.lib import jwk, strict_json
from hub.lib.errors import HubError
from notifications.assurance import published, receipt


class Command(BaseCommand):
    help = (
        "Check decision receipts, as GET /notifications/{id}/receipt gives them, with public keys "
        "only: the hub's own, or those of a file with a JWK set."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a receipt, or an answer with its entries")
        parser.add_argument("--keys", type=Path, help="what GET /api/v1/receipt-keys gave")

    def handle(self, *args: Any, **options: Any) -> None:
        given = _read(options["file"])
        entries = given["entries"] if isinstance(given, dict) and "entries" in given else [given]
        keys = published.key_set() if options["keys"] is None else _read(options["keys"])
        try:
            known = published.read(keys)
            proved = [receipt.verify(one, hub_keys=known) for one in entries]
        except (receipt.Invalid, jwk.BadKey, AttributeError, TypeError) as error:
            raise CommandError(f"NOT VALID: {error}") from error
        if not proved:
            raise CommandError("NOT VALID: there is no receipt in the file.")
        for one in proved:
            self.stdout.write(json.dumps(one, indent=2, ensure_ascii=False))
        self.stdout.write(self.style.SUCCESS(f"{len(proved)} valid"))


def _read(path: Path) -> Any:
    try:
        return strict_json.loads(path.read_bytes(), charset=None)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except HubError as error:
        raise CommandError(f"{path} is not JSON with one reading: {error.detail}") from error
