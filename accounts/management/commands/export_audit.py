"""Write audit events, with their seals, as JSON lines; the export is itself on the audit log."""

import argparse
import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.models import AuditEvent
from hub.lib import clock


def moment(value: str) -> datetime:
    """A moment with its offset, such as 2026-11-01T00:00:00Z."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{value} has no offset: end it with Z or +01:00")
    return found


class Command(BaseCommand):
    """`manage.py export_audit --since … --until … [--of ID] [--action WORD]`."""

    help = "Write audit events as JSON lines to standard output, the oldest first."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--since", type=moment, required=True, metavar="MOMENT")
        parser.add_argument("--until", type=moment, required=True, metavar="MOMENT")
        parser.add_argument("--of", default="", metavar="ID", help="of an actor or a subject")
        parser.add_argument("--action", default="", metavar="WORD")

    def handle(self, *, since: datetime, until: datetime, of: str, action: str, **_: Any) -> None:
        if since >= until:
            raise CommandError("--since is not before --until.")
        events = AuditEvent.objects.filter(at__gte=since, at__lt=until)
        if of:
            events = events.filter(Q(actor_id=of) | Q(subject_id=of))
        if action:
            events = events.filter(action=action)
        terms = {"since": clock.text(since), "until": clock.text(until), "of": of, "only": action}
        with transaction.atomic():
            audit.record(
                now=clock.now(),
                actor=audit.HUB,
                action="audit_exported",
                subject_kind="audit",
                subject_id="",
                data={name: value for name, value in terms.items() if value},
            )
        count = 0
        ordered = events.select_related("auditseal").order_by("id")
        for event in ordered.iterator(chunk_size=2000):
            self.stdout.write(json.dumps(_row(event), ensure_ascii=False))
            count += 1
        self.stderr.write(f"audit log: {count} events written")


def _row(event: AuditEvent) -> dict[str, Any]:
    seal = getattr(event, "auditseal", None)
    return {
        "id": event.pk,
        "at": clock.text(event.at),
        "actor": {"kind": event.actor_kind, "id": event.actor_id},
        "action": event.action,
        "subject": {"kind": event.subject_kind, "id": event.subject_id},
        "data": event.data,
        "request_id": event.request_id,
        "sequence": None if seal is None else seal.sequence,
        "mac": None if seal is None else bytes(seal.mac).hex(),
    }
