"""Turning all pushes off and on again: for the hour in which something is badly wrong.

The switch is a row that every claim of errands reads, so no worker claims another push once it
is off; a batch in flight ends within the provider's time-out. Requests are accepted, inboxes read
and answers taken all the while, and what was not pushed is pushed once they are on again.
"""

from datetime import datetime

from django.db import transaction

from accounts import audit
from notifications import queues
from notifications.models import Errand, Switch


def pause_pushes(*, actor: audit.Actor, now: datetime) -> bool:
    """Push nothing until `resume_pushes`; False, with nothing done, if they were off already."""
    with transaction.atomic():
        Switch.objects.get_or_create(name=Switch.Name.PUSHES)
        changed = Switch.objects.filter(name=Switch.Name.PUSHES, off_at=None).update(off_at=now)
        if changed:
            _note(actor, "pushes_paused", now=now)
    return bool(changed)


def resume_pushes(*, actor: audit.Actor, now: datetime) -> bool:
    """Undo `pause_pushes` and ring for what has waited; False if there was nothing to undo."""
    with transaction.atomic():
        off = Switch.objects.filter(name=Switch.Name.PUSHES, off_at__isnull=False)
        changed = off.update(off_at=None)
        if changed:
            _note(actor, "pushes_resumed", now=now)
            for queue in (queues.PUSH, queues.BULK):
                queues.wake(queue)
    return bool(changed)


def pushes_paused_at() -> datetime | None:
    """Since when nothing is pushed; None if pushes are on."""
    off = Switch.objects.filter(name=Switch.Name.PUSHES).values_list("off_at", flat=True)
    return off.first()


def waiting_pushes() -> int:
    """How many batches of pushes are still to be sent."""
    return Errand.objects.filter(kind=Errand.Kind.PUSH, dead_at=None).count()


def _note(actor: audit.Actor, action: str, *, now: datetime) -> None:
    audit.record(
        now=now, actor=actor, action=action, subject_kind="switch", subject_id=Switch.Name.PUSHES
    )
