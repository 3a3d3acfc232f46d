"""Copies of people's data: sealed while they wait, handed over once, gone after LIFE."""

import base64
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.models import PrivacyArchive, PrivacyRequest
from accounts.privacy.requests import Kind
from hub.lib import errors

LIFE = timedelta(days=7)


class ArchiveGone(errors.HubError):
    """The copy was fetched already, or waited too long."""

    code, status, title = "archive_gone", 410, "The copy is gone"


def keep(asked: PrivacyRequest, content: bytes, *, now: datetime) -> None:
    """Keep a copy for whoever asked, in the caller's transaction."""
    made = PrivacyArchive(
        request=asked,
        content=base64.b64encode(content).decode(),
        size=len(content),
        made_at=now,
        expires_at=now + LIFE,
    )
    made.save(force_insert=True)


def fetch(*, employee_id: uuid.UUID, request_id: uuid.UUID, now: datetime) -> bytes:
    """The person's own copy, which is gone with this. Raises NotFound or ArchiveGone."""
    own = PrivacyRequest.objects.filter(employee_id=employee_id).exclude(kind=Kind.DISCLOSURE)
    actor = audit.Actor("employee", str(employee_id))
    return _take(own.filter(pk=request_id), actor=actor, now=now)


def fetch_disclosure(*, request_id: uuid.UUID, actor: audit.Actor, now: datetime) -> bytes:
    """The copy that two of the staff agreed on, which is gone with this. Raises as `fetch`."""
    asked = PrivacyRequest.objects.filter(pk=request_id, kind=Kind.DISCLOSURE)
    return _take(asked, actor=actor, now=now)


def purge(*, now: datetime) -> int:
    """Delete what nobody fetched in time; how many."""
    over = PrivacyArchive.objects.filter(expires_at__lte=now)
    return over.exclude(content=None).update(content=None)


def _take(asked: QuerySet[PrivacyRequest], *, actor: audit.Actor, now: datetime) -> bytes:
    with transaction.atomic():
        found = (
            PrivacyArchive.objects.select_for_update()
            .filter(request__in=asked.values("pk"))
            .first()
        )
        if found is None:
            raise errors.NotFound("There is no copy to fetch.")
        if found.content is None or found.expires_at <= now:
            raise ArchiveGone("It was fetched, or waited too long. Ask for another one.")
        content = base64.b64decode(str(found.content))
        found.content, found.fetched_at = None, now
        found.save(update_fields=["content", "fetched_at"])
        audit.record(
            now=now,
            actor=actor,
            action="archive_fetched",
            subject_kind="privacy_request",
            subject_id=found.pk,
            data={"bytes": found.size},
        )
    return content
